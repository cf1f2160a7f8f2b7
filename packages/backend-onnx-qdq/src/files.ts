/** Name of a component's model file: a model with one component is `model.onnx`. */
export function fileNameOf(component: string, components: number): string {
  return components === 1 ? "model.onnx" : `${component.replace(/[^\w.-]/g, "_")}.onnx`;
}

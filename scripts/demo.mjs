/** `npm run demo`: installs, builds, and runs the main job on the example: a trained classifier to proven int8 artifacts. */
import { build } from "./build.mjs";
import { install, root, run } from "./install.mjs";

install();
await build();
run(process.execPath, [
  `${root}packages/cli/bin/vlm-export.js`,
  `${root}examples/tiny-llava/onnx/classifier.onnx`,
  "--recipe",
  `${root}examples/classifier-int8.yaml`,
  "--target",
  "onnx-qdq",
  "--target",
  "tflite",
  "--out",
  `${root}out/demo`,
]);

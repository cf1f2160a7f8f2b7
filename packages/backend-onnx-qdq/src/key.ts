/** Where a value lies in an artifact: a file, and names in it; several where several graphs of the file hold copies of the same integers. */
export interface Key {
  readonly file: string;
  readonly names: readonly string[];
}

/** `file#name`; of several names `file#["name", "copy"]`, which no single name of an artifact is: those end in what they are the name of. */
export function keyText({ file, names }: Key): string {
  return `${file}#${names.length === 1 ? names.join() : JSON.stringify(names)}`;
}

export function parseKey(text: string): Key {
  const at = text.indexOf("#");
  const [file, name] = at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
  return { file, names: name.startsWith("[") && name.endsWith("]") ? listOf(name) : [name] };
}

function listOf(text: string): readonly string[] {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) && list.length > 1 && list.every((name) => typeof name === "string") ? list : [text];
  } catch {
    return [text];
  }
}

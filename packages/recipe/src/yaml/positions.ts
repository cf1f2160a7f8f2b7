import type { Place } from "../errors.js";

/** Keys and indices from the root of a document. */
export type Path = readonly (string | number)[];

/** Where the keys and values of one document stand. */
export class Positions {
  private readonly keys = new Map<string, Place>();
  private readonly values = new Map<string, Place>();
  readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  set(path: Path, value: Place, key?: Place): void {
    const id = idOf(path);
    this.values.set(id, value);
    if (key) this.keys.set(id, key);
  }

  /** Place of the value, or of the nearest enclosing one that is written in this file. */
  of(path: Path): Place {
    return this.lookup(this.values, path);
  }

  /** Place of the key that leads to the value. */
  ofKey(path: Path): Place {
    return this.keys.get(idOf(path)) ?? this.lookup(this.values, path);
  }

  private lookup(map: ReadonlyMap<string, Place>, path: Path): Place {
    for (let length = path.length; length >= 0; length -= 1) {
      const place = map.get(idOf(path.slice(0, length)));
      if (place) return place;
    }
    return { file: this.file, line: 1, column: 1 };
  }
}

/** Indices and keys of the same text never meet in one place: a value is either a list or a mapping. */
function idOf(path: Path): string {
  return JSON.stringify(path.map(String));
}

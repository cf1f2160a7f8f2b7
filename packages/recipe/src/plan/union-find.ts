/** Disjoint sets of objects; classes come out in order of their first member. */
export class UnionFind<T> {
  private readonly parents = new Map<T, T>();

  add(item: T): void {
    if (!this.parents.has(item)) this.parents.set(item, item);
  }

  /** Unites the sets of two added items. */
  join(a: T, b: T): void {
    this.parents.set(this.root(b), this.root(a));
  }

  root(item: T): T {
    let root = item;
    for (let parent = this.parents.get(root); parent !== undefined && parent !== root; parent = this.parents.get(root)) root = parent;
    for (let at = item; at !== root; ) {
      const parent = this.parents.get(at) as T;
      this.parents.set(at, root);
      at = parent;
    }
    return root;
  }

  classes(): readonly (readonly T[])[] {
    const classes = new Map<T, T[]>();
    for (const item of this.parents.keys()) {
      const root = this.root(item);
      const members = classes.get(root);
      if (members) members.push(item);
      else classes.set(root, [item]);
    }
    return [...classes.values()];
  }
}

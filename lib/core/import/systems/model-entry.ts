/** How a model's files are called: the weights `M`, everything else `M.<kind>`. */
export function entryId(model: string, kind: string): string {
  return kind === 'checkpoint' ? model : `${model}.${kind}`;
}

/** The kind of a model's file, back from its id; undefined when it is not one of that model. */
export function entryKind(id: string, model: string): string | undefined {
  if (id === model) return 'checkpoint';
  return id.startsWith(`${model}.`) ? id.slice(model.length + 1) : undefined;
}

type Mapping = Readonly<Record<string, unknown>>;

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Lays settings over others, key by key at every depth; null takes one out, and lists are replaced whole. */
export function layOver(below: unknown, above: unknown): unknown {
  if (!isMapping(above)) return above;
  const result: Record<string, unknown> = isMapping(below) ? { ...below } : {};
  for (const [key, value] of Object.entries(above)) {
    if (value === null || value === undefined) delete result[key];
    else result[key] = layOver(result[key], value);
  }
  return result;
}

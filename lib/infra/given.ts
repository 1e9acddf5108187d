/** Properties that are given, of those that may be undefined: the CDK's optional ones are declared without it. */
export type Given<T> = { readonly [Key in keyof T]: Exclude<T[Key], undefined> };

/** Leaves out what is undefined, so that defaults hold. */
export function given<T extends object>(props: T): Partial<Given<T>> {
  return Object.fromEntries(Object.entries(props).filter(([, value]) => value !== undefined)) as Partial<Given<T>>;
}

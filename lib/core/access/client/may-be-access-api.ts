/** Could this be the base of an access API, from its path alone? */
export function mayBeAccessApi(url: string): boolean {
  const path = URL.parse(url)?.pathname ?? '';
  return /\/v1\/?$/.test(path);
}

/** The version in package.json, which the bundle was made with; none where handlers run from their sources. */
export function programVersion(): string {
  // Written into the bundle by tools/build-lambdas.ts.
  return process.env.WEIGHBRIDGE_VERSION ?? 'source';
}

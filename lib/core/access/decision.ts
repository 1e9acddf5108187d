/** What the policy says of one file of one release, or of the release itself. */
export type Decision =
  | {
      readonly allowed: true;
      /** Of the grant that allows the longest life; the first of them in the file. */
      readonly grant: string;
      /** Seconds. */
      readonly maximumLifetime: number;
    }
  | { readonly allowed: false; readonly reason: string };

/** What is asked for. Without a file: may the release be seen at all (its record, its place in the registry)? */
export interface Wanted {
  readonly collection: string;
  readonly version: string;
  readonly file?: string;
}

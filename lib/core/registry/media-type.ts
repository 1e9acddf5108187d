/** Types that a browser or a tool acts on; weights are opaque bytes whatever their ending. */
const types: Readonly<Record<string, string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
  yml: 'application/yaml',
  txt: 'text/plain; charset=utf-8',
  md: 'text/markdown; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  gz: 'application/gzip',
  tgz: 'application/gzip',
  tar: 'application/x-tar',
  zip: 'application/zip',
  zst: 'application/zstd',
};

/** The media type of a file by its ending; HTML and scripts are deliberately not served as such. */
export function mediaType(file: string): string {
  const ending = /\.([^./]+)$/.exec(file)?.[1]?.toLowerCase();
  return (ending === undefined ? undefined : types[ending]) ?? 'application/octet-stream';
}

/** A header is made of what a record says: anything but a plain media type becomes plain bytes. */
export function safeMediaType(text: string): string {
  return /^[\w.+-]+\/[\w.+-]+(?:; ?charset=[\w-]+)?$/.test(text) ? text : 'application/octet-stream';
}

import type { ListedRelease } from '../mirror/find-release.ts';

/** A page for whoever opens the mirror in a browser: what there is and how to fetch it. */
export function indexPage(releases: readonly ListedRelease[]): string {
  const rows = releases.map(({ collection, version, entry }) => {
    const base = `${encodeURIComponent(collection)}/${encodeURIComponent(version)}`;
    const links = ['release.json', 'SHA256SUMS', 'RELEASE.md'].map((file) => `<a href="${base}/${file}">${file}</a>`);
    const note = entry.yanked === undefined ? '' : ` (yanked: ${escapeHtml(entry.yanked.reason)})`;
    const name = `${escapeHtml(collection)}@${escapeHtml(version)}${note}`;
    return `<tr><td>${name}</td><td>${entry.artifacts} files, ${entry.bytes} bytes</td><td>${links.join(' ')}</td></tr>`;
  });
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Weighbridge mirror</title>
<style>body{font:16px/1.5 system-ui,sans-serif;margin:2rem}td{padding:.2rem 1rem .2rem 0}</style>
<h1>Weighbridge mirror</h1>
<p>Every file below is proven: its SHA-256 is its ETag and stands in its release's record.
The index for programs is <a href="registry.json">registry.json</a>.</p>
<table>${rows.join('\n')}</table>
<p>To fetch a release: <code>weighbridge pull COLLECTION@VERSION --from</code> this address, or any HTTP client and
<code>sha256sum -c SHA256SUMS</code>.</p>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

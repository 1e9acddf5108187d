import { compareUtf8 } from '../utf8-order.ts';
import { draftContent, type ReleaseDraft } from './release-draft.ts';

const digestWords = {
  declared: 'declared in the manifest, compared',
  upstream: 'published upstream, compared',
  computed: 'as first downloaded',
} as const;

/** `RELEASE.md`: what is in the release, where each digest is from, and how to fetch and verify. No times, so that it is the same from every publisher. */
export function releaseNotes(draft: ReleaseDraft): string {
  const { manifest } = draft;
  const name = `${manifest.collection}@${manifest.version}`;
  const proven = [...draft.proven].sort((a, b) => compareUtf8(a.spec.file, b.spec.file));
  const total = proven.reduce((sum, { stat }) => sum + stat.size, 0);
  const lines = [
    `# ${manifest.collection} ${manifest.version}`,
    '',
    ...(manifest.description === undefined ? [] : [manifest.description, '']),
    `${proven.length} ${proven.length === 1 ? 'file' : 'files'}, ${total} bytes. Content \`${draftContent(draft).hex}\`.`,
    ...(manifest.license === undefined ? [] : [`License: ${manifest.license}.`]),
    ...(manifest.homepage === undefined ? [] : [`Homepage: <${manifest.homepage}>`]),
    '',
    '| file | bytes | sha256 | digest |',
    '| --- | ---: | --- | --- |',
    ...proven.map(
      ({ spec, stat, sha256 }) =>
        `| ${cell(spec.file)} | ${stat.size} | \`${sha256.hex}\` | ${digestWords[spec.digestFrom]} |`,
    ),
    '',
    ...missingLines(draft),
    '## Fetch and verify',
    '',
    '```sh',
    `weighbridge pull ${name}            # every byte is compared with the digests above`,
    '```',
    '',
    'Or with stock tools, in a copy of this folder:',
    '',
    '```sh',
    'sha256sum -c SHA256SUMS',
    '```',
    '',
  ];
  return lines.join('\n');
}

function missingLines(draft: ReleaseDraft): readonly string[] {
  if (draft.missing.length === 0) return [];
  return [
    'Optional files that were not available at publication, and stay missing in this version:',
    '',
    ...draft.missing.map(({ spec }) => `- ${cell(spec.file)}`),
    '',
  ];
}

/** A file name as table text: names may hold what Markdown would read as markup. */
function cell(text: string): string {
  return text.replace(/[\\`*_{}[\]<>()#+!|~-]/g, '\\$&');
}

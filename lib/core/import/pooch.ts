import { DigestRegister } from './digest-register.ts';
import { gapFindings } from './gap-findings.ts';
import type { Importer, ImportFinding } from './importer.ts';
import { locateListedFiles } from './listed-files.ts';
import { namedArtifacts } from './named-artifacts.ts';
import { notOfFormat, readInput } from './read-input.ts';
import { splitWords } from './split-words.ts';
import { takeSource } from './take-source.ts';

/** Longer than any line that a person or a generator writes: such a line is not looked at. */
const longestLine = 16 * 1024;

/** The registry file of Pooch: `name hash [url]` (https://www.fatiando.org/pooch/latest/registry-files.html). */
export const poochImporter: Importer = {
  kind: 'pooch',
  generic: true,
  summary: 'a registry.txt of Pooch: name, hash, and perhaps a URL',
  settings: [
    { name: 'base-url', summary: 'the base_url of the registry, with {version} where it has it', required: false },
  ],
  async read({ input, settings }, ports) {
    const { path, name, text } = await readInput(input, ports.cwd);
    const register = new DigestRegister(ports.placeholders);
    const findings: ImportFinding[] = [];
    const urls = new Map<string, string>();
    let entries = 0;
    for (const [index, line] of text.split(/\r?\n/u).entries()) {
      const trimmed = line.trim();
      if (trimmed === '' || trimmed.startsWith('#')) continue;
      const words = trimmed.length > longestLine ? undefined : splitWords(trimmed);
      const [file, hash, url] = words ?? [];
      if (words === undefined || file === undefined || hash === undefined || words.length > 3) {
        const message = 'a line has a name, a hash and perhaps a URL';
        findings.push({ kind: 'not-taken', subject: `line ${index + 1}`, message });
        continue;
      }
      if (isHash(hash)) entries += 1;
      register.add(file, ...algorithmOf(hash));
      if (url !== undefined) addUrl(urls, file, url, findings);
    }
    if (entries === 0) throw notOfFormat(name, 'no line has a name and a hash, as a registry of Pooch has');
    findings.push(...register.findings);
    const located = await locateListedFiles(
      { list: path, files: register.files, base: settings['base-url'], settings },
      ports,
      findings,
    );
    const artifacts = namedArtifacts(
      located.map((one) => {
        const url = urls.get(one.file);
        if (url === undefined) return one;
        const { source, finding } = takeSource(url, ports.placeholders);
        if (finding !== undefined) findings.push({ ...finding, subject: one.file, field: 'url' });
        // Pooch takes the address of the line instead of the base.
        return source === undefined ? one : { ...one, sources: [source] };
      }),
    );
    findings.push(...artifacts.flatMap((artifact) => gapFindings(artifact, artifact.file)));
    return {
      manifests: [{ collection: undefined, version: undefined, access: undefined, artifacts }],
      findings,
      figures: { lines: entries, files: artifacts.length, urls: urls.size },
    };
  },
};

/** `sha256:…`, `md5:…`, or the digest alone, which is SHA-256. */
function algorithmOf(hash: string): [algorithm: string, digest: string] {
  const cut = hash.indexOf(':');
  if (cut < 0) return ['sha256', hash.toLowerCase()];
  return [hash.slice(0, cut).toLowerCase().slice(0, 40), hash.slice(cut + 1).toLowerCase()];
}

function isHash(hash: string): boolean {
  return /^(?:[A-Za-z0-9_-]{1,40}:)?[0-9A-Fa-f]{8,128}$/.test(hash);
}

function addUrl(urls: Map<string, string>, file: string, url: string, findings: ImportFinding[]): void {
  const known = urls.get(file);
  if (known === undefined || known === url) urls.set(file, url);
  else findings.push({ kind: 'conflict', subject: file, field: 'url', message: 'two addresses; the first was taken' });
}

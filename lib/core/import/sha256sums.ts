import { parseChecksumLine } from './checksum-line.ts';
import { DigestRegister } from './digest-register.ts';
import { gapFindings } from './gap-findings.ts';
import type { Importer, ImportFinding } from './importer.ts';
import { locateListedFiles } from './listed-files.ts';
import { namedArtifacts } from './named-artifacts.ts';
import { notOfFormat, readInput } from './read-input.ts';

/** A list as `sha256sum` of GNU or BSD writes it. */
export const sha256sumsImporter: Importer = {
  kind: 'sha256sums',
  generic: true,
  summary: 'a SHA256SUMS file, of GNU or BSD form',
  settings: [
    {
      name: 'base-url',
      summary:
        'where the files are served: a folder, or a template with {file}, {name}, {version} (default: beside the list)',
      required: false,
    },
  ],
  async read({ input, settings }, ports) {
    const { path, name, text } = await readInput(input, ports.cwd);
    const register = new DigestRegister(ports.placeholders);
    const findings: ImportFinding[] = [];
    let entries = 0;
    for (const [index, line] of text.split(/\r?\n/u).entries()) {
      if (line.trim() === '' || line.startsWith('#')) continue;
      const entry = parseChecksumLine(line);
      if (entry === undefined) {
        const what = line.length > 60 ? `${line.slice(0, 40)}… (${line.length} characters)` : line;
        findings.push({ kind: 'not-taken', subject: `line ${index + 1}`, message: `no digest and name: ${what}` });
        continue;
      }
      entries += 1;
      register.add(entry.name, entry.algorithm, entry.digest);
    }
    if (entries === 0) throw notOfFormat(name, 'no line has a digest and a name, as sha256sum writes them');
    findings.push(...register.findings);
    const located = await locateListedFiles(
      { list: path, files: register.files, base: settings['base-url'], settings },
      ports,
      findings,
    );
    const artifacts = namedArtifacts(located);
    findings.push(...artifacts.flatMap((artifact) => gapFindings(artifact, artifact.file)));
    return {
      manifests: [{ collection: undefined, version: undefined, access: undefined, artifacts }],
      findings,
      figures: { lines: entries, files: artifacts.length },
    };
  },
};

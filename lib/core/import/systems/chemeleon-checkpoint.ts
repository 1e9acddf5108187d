import { looseFields, textOf } from '../../manifest/manifest-document.ts';
import { findPlaceholder } from '../../manifest/placeholders.ts';
import { formatSource } from '../../sources/parse-source.ts';
import type { ImportedArtifact } from '../importer.ts';
import { takeSource } from '../take-source.ts';
import { carried } from './carried.ts';
import { expectedSha256, expectedSize } from './expected-values.ts';
import type { FindingList } from './finding-list.ts';
import type { NameRegister } from './name-register.ts';

/** What reading a checkpoint list needs for each entry. */
export interface CheckpointReading {
  /** `owner/name`. */
  readonly repository: string | undefined;
  readonly revision: string;
  readonly names: NameRegister;
  readonly placeholders: readonly string[];
  readonly findings: FindingList;
}

/** One entry: its file in the release is its path in the repository, as programs expect it below their folder. */
export function readCheckpoint(key: string, entry: unknown, reading: CheckpointReading): ImportedArtifact[] {
  const { findings, names, placeholders } = reading;
  const { hf_path, sha256: digest, size: bytes, ...others } = looseFields(entry);
  const path = textOf(hf_path)?.replace(/^\.\//u, '');
  const file = path ?? textOf(others.filename);
  if (file === undefined || file === '') {
    findings.add('not-taken', key, 'hf_path', 'an entry without hf_path and filename was left out');
    return [];
  }
  const lastPart = file.split('/').at(-1);
  if (typeof others.filename === 'string' && others.filename !== lastPart) {
    const both = `filename is ${JSON.stringify(others.filename)}, hf_path ends in ${JSON.stringify(lastPart)}`;
    findings.add('conflict', key, 'filename', `${both}; hf_path counts`);
  }
  if (!names.take(key, key, file, false)) return [];
  const sources = path === undefined ? [] : sourcesOf(key, path, reading);
  if (path === undefined) findings.add('absent-source', key, 'hf_path', 'no hf_path is given: no source');
  const sha256 = expectedSha256(digest, { subject: key, field: 'sha256' }, placeholders, findings);
  const size = expectedSize(bytes, { subject: key, field: 'size' }, findings);
  const metadata = carried(others, key, findings);
  return [
    {
      ...{ id: key, aliases: [], kind: 'checkpoint', file, sources },
      ...(sha256 === undefined ? {} : { sha256 }),
      ...(size === undefined ? {} : { size }),
      required: true,
      labels: {},
      ...(metadata === undefined ? {} : { metadata }),
    },
  ];
}

function sourcesOf(key: string, path: string, { repository, revision, placeholders, findings }: CheckpointReading) {
  if (repository === undefined) return [];
  const written = `hf://${repository}@${revision}/${path}`;
  const pattern = findPlaceholder(written, placeholders);
  if (pattern !== undefined) {
    findings.add('placeholder', key, 'hf_repo', `no usable source: nobody filled in ${JSON.stringify(pattern)}`);
    return [written];
  }
  const address = formatSource({ scheme: 'hf', uri: '', repoType: 'models', repo: repository, revision, path });
  const { source, finding } = takeSource(address, placeholders);
  if (finding !== undefined) findings.add(finding.kind, key, 'hf_path', finding.message);
  return source === undefined ? [] : [source];
}

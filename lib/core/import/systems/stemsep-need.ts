import { posix } from 'node:path';
import { type LooseFields, looseFields, looseList, textOf } from '../../manifest/manifest-document.ts';
import type { ImportedArtifact } from '../importer.ts';
import { carried } from './carried.ts';
import { fileAddress } from './file-address.ts';
import { type FileNaming, publishedName } from './file-naming.ts';
import type { FindingList } from './finding-list.ts';
import type { ModelAliases } from './model-aliases.ts';
import { entryId } from './model-entry.ts';
import type { NameRegister } from './name-register.ts';
import type { Candidates } from './stemsep-candidates.ts';
import type { FetchReport } from './stemsep-fetch-report.ts';

/** What reading an upload manifest needs for each model. */
export interface NeedReading {
  readonly aliases: ModelAliases;
  readonly candidates: Candidates;
  readonly fetched: FetchReport;
  readonly naming: FileNaming;
  readonly names: NameRegister;
  readonly placeholders: readonly string[];
  readonly findings: FindingList;
}

/** The artifacts that one model of the manifest needs. */
export function readNeeds(model: LooseFields, index: number, reading: NeedReading): ImportedArtifact[] {
  const id = textOf(model.model_id);
  if (id === undefined || id === '') {
    reading.findings.add('not-taken', `models[${index}]`, 'model_id', 'a model without an id was left out');
    return [];
  }
  const { model_id: _, needs, sources, ...others } = model;
  const listed = looseList(sources).map(looseFields);
  const rest = carried(others, id, reading.findings);
  return looseList(needs).flatMap((need, at) => readNeed(id, looseFields(need), at, listed, rest, reading));
}

function readNeed(
  model: string,
  need: LooseFields,
  index: number,
  listed: readonly LooseFields[],
  rest: ImportedArtifact['metadata'],
  reading: NeedReading,
): ImportedArtifact[] {
  const { findings, names, aliases, candidates, fetched } = reading;
  const kind = textOf(need.kind);
  if (kind === undefined || !/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/u.test(kind)) {
    findings.add('not-taken', model, `needs[${index}].kind`, 'a need without a kind was left out');
    return [];
  }
  const subject = `${model} ${kind}`;
  const file = fileOf(model, kind, textOf(need.filename), subject, reading);
  const own = listed.filter((source) => source.kind === kind);
  if (!names.take(subject, entryId(model, kind), file, true)) return [];
  const key = aliases.currentOf(model);
  const found = [...candidates.of(key, kind), ...ownSources(subject, own, reading)];
  const sources = [...new Set(found)].slice(0, 32);
  if (sources.length === 0) findings.add('absent-source', subject, undefined, 'there is nowhere to get it from');
  const downloaded = fetched.of(key, kind);
  const sha256 = fetched.trusted ? downloaded?.sha256 : undefined;
  const size = fetched.trusted ? downloaded?.size : undefined;
  if (sha256 === undefined) {
    findings.add('missing-digest', subject, undefined, 'no SHA-256 is given; `weighbridge lock` obtains one');
  }
  const { kind: _kind, filename: _filename, ...fields } = need;
  const metadata = {
    ...rest,
    ...carried({ ...fields, ...(own.length === 0 ? {} : { sources: own }) }, subject, findings),
    ...(downloaded === undefined
      ? {}
      : { fetched: { sha256: downloaded.sha256 ?? null, bytes: downloaded.size ?? null } }),
  };
  return [
    {
      ...{ id: entryId(model, kind), aliases: [], kind, file, sources },
      ...(sha256 === undefined ? {} : { sha256, digestFrom: 'computed' as const }),
      ...(size === undefined ? {} : { size }),
      required: true,
      labels: { model },
      ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    },
  ];
}

/** The need says how its file is called; the policy says how it should be. */
function fileOf(
  model: string,
  kind: string,
  written: string | undefined,
  subject: string,
  { naming, findings }: NeedReading,
): string {
  const byPolicy = publishedName(naming, model, kind, written);
  // A name that leads elsewhere is refused as it stands, not repaired.
  if (written === undefined || written === byPolicy || /[/\\]|\.\./u.test(written)) return written ?? byPolicy;
  const other = `the file is called ${JSON.stringify(written)}, by the policy ${JSON.stringify(byPolicy)}`;
  const unknown = kind === 'checkpoint' && !naming.extensions.includes(posix.extname(written));
  const hint = unknown ? '; the setting "extensions" lets it keep its ending' : '';
  findings.add('conflict', subject, 'filename', `${other}, which was taken${hint}`);
  return byPolicy;
}

/** The addresses of the manifest itself: those that answered badly when it was made are no candidates. */
function ownSources(subject: string, own: readonly LooseFields[], { findings, placeholders }: NeedReading): string[] {
  return own.flatMap(({ url, status }) => {
    const address = textOf(url);
    if (address === undefined || address === '') return [];
    const taken = fileAddress(address, placeholders);
    if (taken.finding !== undefined) findings.add(taken.finding.kind, subject, 'sources', taken.finding.message);
    if (typeof status === 'number' && status >= 400) {
      findings.add('absent-source', subject, 'sources', `the listed address answered ${status} and was left out`);
      return [];
    }
    return taken.source === undefined ? [] : [taken.source];
  });
}

import { type LooseFields, looseFields, looseList, textOf } from '../../manifest/manifest-document.ts';
import { isPlaceholder } from '../../manifest/placeholders.ts';
import type { ImportedArtifact } from '../importer.ts';
import { carried } from './carried.ts';
import { expectedSha256, expectedSize } from './expected-values.ts';
import { fileAddress } from './file-address.ts';
import { addressFileName, type FileNaming, publishedName } from './file-naming.ts';
import type { FindingList } from './finding-list.ts';
import type { ModelAliases } from './model-aliases.ts';
import { entryId } from './model-entry.ts';
import type { NameRegister } from './name-register.ts';

/** What reading a registry needs for each model. */
export interface RegistryReading {
  readonly aliases: ModelAliases;
  readonly naming: FileNaming;
  readonly names: NameRegister;
  readonly placeholders: readonly string[];
  readonly findings: FindingList;
}

/** One file that a model wants: its link, and what `artifacts` says about it. */
interface WantedFile {
  readonly model: string;
  readonly kind: string;
  /** Undefined: the model has no such field; null: it says that there is none. */
  readonly link: unknown;
  readonly linkField: string;
  readonly expected: unknown;
  readonly expectedField: string;
}

/** The artifacts of one model of the registry. */
export function readModel(model: LooseFields, index: number, reading: RegistryReading): ImportedArtifact[] {
  const { findings } = reading;
  const id = textOf(model.id);
  if (id === undefined || id === '') {
    findings.add('not-taken', `models[${index}]`, 'id', 'a model without an id was left out');
    return [];
  }
  const { id: _, links, artifacts, ...others } = model;
  const { checkpoint, config, ...otherLinks } = looseFields(links);
  const { primary, config: configFile, additional, ...otherFiles } = looseFields(artifacts);
  if (textOf(model.catalog_status) === 'verified') {
    findings.add('claim', id, 'catalog_status', 'called verified there; nothing of it counts as proof here');
  }
  const wanted: WantedFile[] = [
    {
      model: id,
      kind: 'checkpoint',
      ...{ link: checkpoint, linkField: 'links.checkpoint' },
      ...at(primary, 'primary'),
    },
    { model: id, kind: 'config', ...{ link: config, linkField: 'links.config' }, ...at(configFile, 'config') },
    ...additionalFiles(id, looseList(additional)),
  ];
  const found = wanted.flatMap((file) => readFile(file, reading));
  const [first, ...rest] = found;
  if (first === undefined) return [];
  const fields = {
    ...others,
    ...(Object.keys(otherLinks).length === 0 ? {} : { links: otherLinks }),
    ...(Object.keys(otherFiles).length === 0 ? {} : { artifacts: otherFiles }),
  };
  const metadata = { ...carried(fields, id, findings), ...first.metadata };
  return [{ ...first, ...(Object.keys(metadata).length === 0 ? {} : { metadata }) }, ...rest];
}

function at(expected: unknown, field: string): Pick<WantedFile, 'expected' | 'expectedField'> {
  return { expected, expectedField: `artifacts.${field}` };
}

/** Further files have no links of their own. */
function additionalFiles(model: string, list: readonly unknown[]): WantedFile[] {
  const kinds = new Map([
    ['checkpoint', 1],
    ['config', 1],
  ]);
  return list.map((expected, index) => {
    const kind = textOf(looseFields(expected).kind) ?? 'aux';
    const number = (kinds.get(kind) ?? 0) + 1;
    kinds.set(kind, number);
    const link = looseFields(expected).url;
    const expectedField = `artifacts.additional[${index}]`;
    const numbered = number === 1 ? kind : `${kind}-${number}`;
    return { model, kind: numbered, link, linkField: `${expectedField}.url`, expected, expectedField };
  });
}

function readFile(wanted: WantedFile, reading: RegistryReading): ImportedArtifact[] {
  const { model, kind, link, linkField, expectedField } = wanted;
  const { findings, naming, names, placeholders } = reading;
  const subject = `${model} ${kind}`;
  const expected = looseFields(wanted.expected);
  const url = textOf(link);
  if (url === undefined || url === '') {
    const written = link === undefined ? 'is not there' : 'is null';
    findings.add('absent-source', subject, linkField, `${linkField} ${written}: no source`);
    if (Object.keys(expected).length === 0) return [];
  } else if (wanted.expected === null) {
    findings.add('conflict', subject, expectedField, `${expectedField} is null although ${linkField} names a file`);
  }
  const written = textOf(expected.filename);
  if (written !== undefined && isPlaceholder(written, placeholders)) {
    findings.add(
      'placeholder',
      subject,
      `${expectedField}.filename`,
      `the file name ${JSON.stringify(written)} is not filled in`,
    );
  } else if (written !== undefined && /[/\\]|\.\./u.test(written)) {
    findings.add(
      'not-taken',
      subject,
      `${expectedField}.filename`,
      'a file name with a path separator or ".." was left out',
    );
  }
  const file = publishedName(naming, model, kind, (url && addressFileName(url)) ?? written);
  if (!names.take(subject, entryId(model, kind), file, true)) return [];
  const taken = url === undefined || url === '' ? undefined : fileAddress(url, placeholders);
  if (taken?.finding !== undefined) findings.add(taken.finding.kind, subject, linkField, taken.finding.message);
  const sha256 = expectedSha256(expected.sha256, { subject, field: `${expectedField}.sha256` }, placeholders, findings);
  const size = expectedSize(expected.size_bytes, { subject, field: `${expectedField}.size_bytes` }, findings);
  const artifact = carried({ artifact: wanted.expected ?? undefined }, subject, findings);
  return [
    {
      id: entryId(model, kind),
      aliases: [],
      kind: /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/u.test(kind) ? kind : 'file',
      file,
      sources: taken?.source === undefined ? [] : [taken.source],
      ...(sha256 === undefined ? {} : { sha256 }),
      ...(size === undefined ? {} : { size }),
      required: true,
      labels: { model },
      ...(artifact === undefined ? {} : { metadata: artifact }),
    },
  ];
}

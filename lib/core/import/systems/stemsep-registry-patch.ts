import { looseFields, looseList, textOf } from '../../manifest/manifest-document.ts';
import type { Publication, RegistryPatch } from '../importer.ts';
import { notOfFormat } from '../read-input.ts';
import { type JsonPath, JsonTextEdits } from './json-text-edits.ts';
import { entryKind } from './model-entry.ts';
import { isCatalog } from './stemsep-catalog-model.ts';

const places: Readonly<Record<string, { readonly link: string; readonly file: string }>> = {
  checkpoint: { link: 'checkpoint', file: 'primary' },
  config: { link: 'config', file: 'config' },
};

/**
 * Sets `links.*`, and file name and SHA-256 of `artifacts.*`. A size is written where the entry has a field for it:
 * the registry's own schema allows no other fields.
 */
export const stemsepRegistryPatch: RegistryPatch = {
  apply(text, publications) {
    const edits = new JsonTextEdits(text, 'the registry');
    const { models, ...head } = looseFields(edits.value);
    if (isCatalog(head)) {
      throw notOfFormat(
        'the registry',
        'a compiled catalog, which is signed: change the registry and compile it again',
      );
    }
    if (!Array.isArray(models)) throw notOfFormat('the registry', 'not a model registry: it has no list "models"');
    const indexes = new Map(looseList(models).map((model, index) => [textOf(looseFields(model).id), index]));
    const changed: string[] = [];
    const unknown: string[] = [];
    for (const publication of publications) {
      const { id, labels } = publication;
      const model = indexes.has(labels.model) ? labels.model : modelOf(id, indexes);
      const index = indexes.get(model);
      // Under an older name, the ending alone says what it is.
      const kind = entryKind(id, model ?? id) ?? (id.endsWith('.config') ? 'config' : 'checkpoint');
      const place = places[kind];
      if (index === undefined || place === undefined) unknown.push(publication.id);
      else if (setEntry(edits, ['models', index], place, publication)) changed.push(`${model} ${kind}`);
    }
    return { text: edits.text, changed, unknown };
  },
};

/** Ids may hold dots themselves, so a model of the whole id comes first. */
function modelOf(id: string, indexes: ReadonlyMap<string | undefined, number>): string | undefined {
  if (indexes.has(id)) return id;
  return id.endsWith('.config') ? id.slice(0, -'.config'.length) : undefined;
}

function setEntry(
  edits: JsonTextEdits,
  model: JsonPath,
  place: { readonly link: string; readonly file: string },
  { url, fileName, sha256, size }: Publication,
): boolean {
  const kind = place.link;
  const expected = { kind, filename: fileName, sha256 };
  const file = [...model, 'artifacts', place.file];
  const done = [
    edits.isObject([...model, 'links'])
      ? edits.set([...model, 'links', place.link], url)
      : edits.set([...model, 'links'], { [place.link]: url }),
  ];
  if (edits.isObject(file)) {
    done.push(edits.set([...file, 'filename'], fileName), edits.set([...file, 'sha256'], sha256));
    for (const name of ['size_bytes', 'size']) {
      if (edits.has([...file, name])) done.push(edits.set([...file, name], size));
    }
  } else if (edits.isObject([...model, 'artifacts'])) done.push(edits.set(file, expected));
  else done.push(edits.set([...model, 'artifacts'], { [place.file]: expected }));
  return done.includes(true);
}

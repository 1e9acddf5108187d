import { looseFields, looseList, textOf } from '../../manifest/manifest-document.ts';
import type { RegistryPatch } from '../importer.ts';
import { notOfFormat } from '../read-input.ts';
import { JsonTextEdits } from './json-text-edits.ts';
import { entryKind } from './model-entry.ts';

/** Sets `mirror_url` of the needs that were published, and their file names. */
export const stemsepUploadPatch: RegistryPatch = {
  apply(text, publications) {
    const edits = new JsonTextEdits(text, 'the upload manifest');
    const { models } = looseFields(edits.value);
    if (!Array.isArray(models)) throw notOfFormat('the upload manifest', 'it has no list "models"');
    const list = looseList(models).map(looseFields);
    const changed: string[] = [];
    const unknown: string[] = [];
    for (const { id, labels, url, fileName } of publications) {
      const model = labels.model ?? list.map(({ model_id }) => textOf(model_id)).find((name) => entryOf(id, name));
      const at = list.findIndex(({ model_id }) => model_id === model);
      const kind = model === undefined ? undefined : entryKind(id, model);
      const need = looseList(list[at]?.needs).findIndex((item) => looseFields(item).kind === kind);
      if (at < 0 || need < 0) {
        unknown.push(id);
        continue;
      }
      const path = ['models', at, 'needs', need];
      const done = [edits.set([...path, 'filename'], fileName), edits.set([...path, 'mirror_url'], url)];
      if (done.includes(true)) changed.push(`${model} ${kind}`);
    }
    return { text: edits.text, changed, unknown };
  },
};

function entryOf(id: string, model: string | undefined): boolean {
  return model !== undefined && (id === model || id === `${model}.config`);
}

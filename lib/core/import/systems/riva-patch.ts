import { looseFields, textOf } from '../../manifest/manifest-document.ts';
import type { RegistryPatch } from '../importer.ts';
import { notOfFormat } from '../read-input.ts';
import { JsonTextEdits } from './json-text-edits.ts';

/** Sets `source.uri`, `sha256` and `size_bytes`: what is staged keeps its own name there. */
export const rivaPatch: RegistryPatch = {
  apply(text, publications) {
    const edits = new JsonTextEdits(text, 'the staging record');
    const record = looseFields(edits.value);
    const id = textOf(record.artifact_id) ?? 'source';
    if (!edits.isObject(['source']))
      throw notOfFormat('the staging record', 'not a staging record: it has no "source"');
    const changed: string[] = [];
    const unknown: string[] = [];
    for (const publication of publications) {
      if (publication.id !== id) {
        unknown.push(publication.id);
        continue;
      }
      const { url, sha256, size } = publication;
      const done = [
        edits.set(['source', 'uri'], url),
        edits.set(['source', 'sha256'], sha256),
        edits.set(['source', 'size_bytes'], size),
      ];
      if (done.includes(true)) changed.push(id);
    }
    return { text: edits.text, changed, unknown };
  },
};

import type { FieldPath } from './field-path.ts';
import { type LooseFields, looseFields, looseList } from './manifest-document.ts';
import type { Finding } from './problem-list.ts';
import { unsupportedFields, unsupportedMessage } from './unsupported-fields.ts';

/** One error for each field that this version cannot carry out. */
export function unsupportedFindings(manifest: LooseFields): Finding[] {
  return unsupportedFields.flatMap((unsupported) => {
    const places: [LooseFields, FieldPath][] =
      unsupported.of === 'manifest'
        ? [[manifest, []]]
        : looseList(manifest.artifacts).map((artifact, index) => [looseFields(artifact), ['artifacts', index]]);
    return places
      .filter(([fields]) => isUsed(fields[unsupported.field], unsupported.value))
      .map(
        ([, path]): Finding => ({
          path: [...path, unsupported.field],
          at: 'key',
          message: unsupportedMessage(unsupported),
        }),
      );
  });
}

function isUsed(value: unknown, only: string | undefined): boolean {
  return only === undefined ? value !== undefined : value === only;
}

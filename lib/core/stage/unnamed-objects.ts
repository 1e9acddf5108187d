import { releasePrefix, reservedFiles } from '../../contract/keys.ts';
import type { Manifest } from '../manifest/manifest.ts';
import type { Survey } from './survey.ts';

/** Names shown at most. */
const shown = 5;

/**
 * What an unpublished release's prefix holds and the manifest does not name: left by a run that died before the
 * manifest was edited, usually. It stays (nothing is ever deleted here), and `verify` would call it a stray.
 * @returns notes for the report.
 */
export function unnamedObjects(manifest: Manifest, survey: Survey): readonly string[] {
  if (survey.release !== undefined) return [];
  const named = new Set<string>([...reservedFiles, ...manifest.artifacts.map(({ file }) => file)]);
  const prefix = releasePrefix(manifest.collection, manifest.version);
  const others = [...survey.objects.keys()].filter((file) => !named.has(file)).map((file) => prefix + file);
  if (others.length === 0) return [];
  const more = others.length > shown ? ` and ${others.length - shown} more` : '';
  const verb = others.length === 1 ? 'is' : 'are';
  return [
    `In the store and not in the manifest ${verb} ${others.slice(0, shown).join(', ')}${more}: not published, and may be removed.`,
  ];
}

import { posix } from 'node:path';
import { type LooseFields, looseFields, looseList, textOf } from '../../manifest/manifest-document.ts';
import { shownValue } from '../../manifest/problem-list.ts';
import { formatSource } from '../../sources/parse-source.ts';
import type { ImportPorts } from '../import-ports.ts';
import { notOfFormat, readInput } from '../read-input.ts';
import type { FindingList } from './finding-list.ts';
import { jsonValue } from './json-document.ts';
import type { Candidate } from './stemsep-candidates.ts';

/** What became of the suggestions, and their figures. */
export interface Suggestions {
  readonly candidates: readonly Candidate[];
  readonly figures: Readonly<Record<string, number>>;
}

/**
 * Suggestions of other files in a repository. One of the same name is a move and may be taken, when asked for; one of
 * a similar name may be another model, so a person decides; one of another file type is not offered at all.
 */
export async function readSuggestions(
  file: string | undefined,
  takeMoves: boolean,
  ports: ImportPorts,
  findings: FindingList,
): Promise<Suggestions> {
  if (file === undefined) return { candidates: [], figures: {} };
  const { name, text } = await readInput(file, ports.cwd);
  const document = looseFields(jsonValue(text, name, findings));
  if (!Array.isArray(document.suggestions)) throw notOfFormat(name, 'not a list of suggestions: no list "suggestions"');
  const rows = looseList(document.suggestions).map(looseFields);
  if (typeof document.count === 'number' && document.count !== rows.length) {
    findings.add('conflict', name, 'count', `the header says ${document.count}, the rows are ${rows.length}`);
  }
  const judged = rows.map((row) => ({ row, kind: kindOf(row) }));
  const candidates = judged.flatMap(({ row, kind }) => judge(row, kind, takeMoves, findings));
  const count = (wanted: SuggestionKind) => judged.filter(({ kind }) => kind === wanted).length;
  const figures = {
    suggestions: rows.length,
    'suggestions that move a file': count('move'),
    'suggestions of a similar name': count('similar'),
    'suggestions of another file type': count('other-type'),
    'suggestions without a match': count('none'),
  };
  return { candidates, figures };
}

type SuggestionKind = 'move' | 'similar' | 'other-type' | 'none';

/** The names decide, not the score: a score of 0.96 has been another model. */
function kindOf({ requested_path, best_match_path, url }: LooseFields): SuggestionKind {
  const match = textOf(best_match_path);
  const wanted = textOf(requested_path) ?? textOf(url);
  if (match === undefined || match === '' || wanted === undefined) return 'none';
  const [from, to] = [posix.basename(wanted), posix.basename(match)];
  if (from === to) return 'move';
  return posix.extname(from).toLowerCase() === posix.extname(to).toLowerCase() ? 'similar' : 'other-type';
}

function judge(row: LooseFields, suggestion: SuggestionKind, takeMoves: boolean, findings: FindingList): Candidate[] {
  const [model, kind, match] = [textOf(row.model_id), textOf(row.kind), textOf(row.best_match_path)];
  if (model === undefined || kind === undefined) return [];
  const subject = `${model} ${kind}`;
  if (suggestion === 'none' || match === undefined) {
    findings.add('absent-source', subject, undefined, 'nothing in its repository resembles the file that is asked for');
    return [];
  }
  if (suggestion === 'other-type') {
    findings.add('not-taken', subject, 'best_match_path', 'a suggestion of another file type was left out');
    return [];
  }
  const source = repositoryFile(row, match);
  const shown = JSON.stringify(shownValue(match));
  if (suggestion === 'move' && takeMoves && source !== undefined) return [{ model, kind, address: source }];
  const what =
    suggestion === 'move' ? `the file is now at ${shown}` : `${shown} has a similar name; it may be another model`;
  const how = suggestion === 'move' ? 'the setting moves=exact takes it' : 'compare before you take it';
  findings.add('suggestion', subject, 'best_match_path', `${what}: ${how}`);
  return [];
}

function repositoryFile({ repo, rev }: LooseFields, path: string): string | undefined {
  const repository = textOf(repo);
  if (repository === undefined || !/^[^/\s]+\/[^/\s]+$/u.test(repository)) return undefined;
  const revision = textOf(rev) ?? 'main';
  return formatSource({ scheme: 'hf', uri: '', repoType: 'models', repo: repository, revision, path });
}

import { idPattern } from '../../manifest/artifact-schema.ts';
import { fileNameProblem } from '../../manifest/file-name.ts';
import { foldName } from '../../manifest/fold-name.ts';
import { escapeUnsafe } from '../../manifest/unsafe-characters.ts';
import type { FindingList } from './finding-list.ts';

/** Names of artifacts and files that are taken. A second entry of one name is refused, never renamed. */
export class NameRegister {
  readonly #ids = new Map<string, string>();
  readonly #files = new Map<string, string>();
  readonly #findings: FindingList;

  constructor(findings: FindingList) {
    this.#findings = findings;
  }

  /**
   * Takes both names for an entry; false, with a finding, when the manifest cannot have it.
   * @param flat the format has no folders: a separator is refused
   */
  take(subject: string, id: string, file: string, flat: boolean): boolean {
    const problem = idProblem(id) ?? this.#fileProblem(file, flat) ?? this.#taken(id, file);
    if (problem !== undefined) {
      this.#findings.add('not-taken', subject, undefined, problem);
      return false;
    }
    this.#ids.set(foldName(id), id);
    this.#files.set(foldName(file), file);
    return true;
  }

  /** Takes an older name; false, with a finding, when it cannot be one. */
  takeAlias(subject: string, alias: string): boolean {
    const problem = idProblem(alias) ?? (this.#ids.has(foldName(alias)) ? 'an artifact has this name' : undefined);
    if (problem === undefined) this.#ids.set(foldName(alias), alias);
    else this.#findings.add('not-taken', subject, undefined, `its older name ${shown(alias)} was left out: ${problem}`);
    return problem === undefined;
  }

  #fileProblem(file: string, flat: boolean): string | undefined {
    if (flat && /[/\\]/u.test(file)) return `the file name ${shown(file)} has a path separator`;
    if (file.includes('..')) return `the file name ${shown(file)} has ".."`;
    const problem = fileNameProblem(file);
    return problem === undefined ? undefined : `the file name ${shown(file)} cannot be used: ${problem}`;
  }

  #taken(id: string, file: string): string | undefined {
    const sameId = this.#ids.get(foldName(id));
    if (sameId !== undefined) return `${shown(sameId)} is there already; a second entry of this name was left out`;
    const sameFile = this.#files.get(foldName(file));
    return sameFile === undefined ? undefined : `another entry has the file name ${shown(sameFile)} already`;
  }
}

function idProblem(id: string): string | undefined {
  if (/[/\\]/u.test(id)) return `the name ${shown(id)} has a path separator`;
  if (id.includes('..')) return `the name ${shown(id)} has ".."`;
  if (idPattern.test(id)) return undefined;
  return `the name ${shown(id)} is not one of letters, digits, ".", "_", "+" and "-", beginning with a letter or digit`;
}

function shown(name: string): string {
  return JSON.stringify(escapeUnsafe(name.length > 80 ? `${name.slice(0, 79)}…` : name));
}

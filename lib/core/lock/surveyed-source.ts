import type { ByteRange } from '../byte-range.ts';
import { checkDescription, type SourceExpectation } from '../sources/expectation.ts';
import type { HuggingFaceSurvey } from '../sources/hugging-face-survey.ts';
import { formatSource } from '../sources/parse-source.ts';
import { type ResolvedSource, type Source, type SourceDescription, SourceError } from '../sources/source.ts';
import type { HuggingFaceRef } from '../sources/source-ref.ts';

/** The listing of a repository at a revision; many files ask for the same one. */
export type Survey = (ref: HuggingFaceRef) => Promise<HuggingFaceSurvey>;

/**
 * A file of a Hugging Face repository as the repository's one listing describes it, instead of a request for each
 * file. Where there is no listing (a static mirror need not have one), and for reading, the file itself is asked.
 */
export class SurveyedSource implements Source {
  readonly uri: string;
  private readonly ref: HuggingFaceRef;
  private readonly expect: SourceExpectation;
  private readonly survey: Survey;
  private readonly file: Source;

  /** @param file the same file, asked for by itself. */
  constructor(ref: HuggingFaceRef, expect: SourceExpectation, survey: Survey, file: Source) {
    this.uri = file.uri;
    this.ref = ref;
    this.expect = expect;
    this.survey = survey;
    this.file = file;
  }

  async resolve(signal: AbortSignal): Promise<ResolvedSource> {
    const survey = await this.surveyed();
    if (survey === undefined) return await this.file.resolve(signal);
    const found = survey.files.get(this.ref.path);
    if (found === undefined) throw new SourceError('missing', `${this.uri} is not in the repository`);
    const { commit } = survey;
    const description: SourceDescription = {
      source: formatSource({ ...this.ref, revision: commit }),
      size: found.size,
      version: commit,
      revision: commit,
      sha256: found.sha256,
      ...(found.gitBlobSha1 === undefined ? {} : { gitBlobSha1: found.gitBlobSha1 }),
      mediaType: undefined,
    };
    checkDescription(description, this.expect);
    return {
      description,
      ranges: true,
      cheapToReread: false,
      read: (range, reading) => this.read(description, range, reading),
    };
  }

  /** Undefined where the listing cannot be had for good; that it may be had later is thrown. */
  private async surveyed(): Promise<HuggingFaceSurvey | undefined> {
    try {
      return await this.survey(this.ref);
    } catch (error) {
      if (error instanceof SourceError && !error.retryable) return undefined;
      throw error;
    }
  }

  private async *read(
    described: SourceDescription,
    range: ByteRange | undefined,
    signal: AbortSignal,
  ): AsyncIterable<Uint8Array> {
    const resolved = await this.file.resolve(signal);
    if (resolved.description.revision !== described.revision) {
      throw new SourceError('changed', `${this.uri} moved to another commit meanwhile`, { retryable: true });
    }
    yield* resolved.read(range, signal);
  }
}

/** Asks once for each repository and revision; a failure that may pass is asked about again. */
export function sharedSurvey(ask: Survey): Survey {
  const asked = new Map<string, Promise<HuggingFaceSurvey>>();
  return (ref) => {
    const key = JSON.stringify([ref.repoType, ref.repo, ref.revision]);
    const known = asked.get(key);
    if (known !== undefined) return known;
    const answer = ask(ref).catch((error: unknown) => {
      if (error instanceof SourceError && error.retryable) asked.delete(key);
      throw error;
    });
    asked.set(key, answer);
    return answer;
  };
}

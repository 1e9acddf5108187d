import type { Clock } from '../../clock.ts';
import { NotAuthorised, NotFound } from '../../errors.ts';
import { MirrorError } from '../../mirror/mirror-errors.ts';
import { releaseName } from '../../mirror/release-ref.ts';
import { mostUrls, type SignedFile, type UrlsAnswer, type UrlsRequest } from '../wire.ts';
import type { AccessApi, TimedUrls } from './access-api.ts';
import { mostNameBytes, nameBytes } from './name-batches.ts';
import { SharedWork } from './shared-work.ts';

/** A signed URL as it is used. It is a credential: no message shows it. */
export interface GrantedUrl {
  readonly url: URL;
  readonly store: UrlsAnswer['store'];
  /** Milliseconds by this machine's clock, after which no request begins with it. */
  readonly until: number;
}

/** Milliseconds before its end that an URL is replaced, or a quarter of its life where that is less. */
const margin = 30_000;

/** URLs of one release: asked for many at once, kept while they live. */
export class UrlBook {
  readonly #api: AccessApi;
  readonly #clock: Clock;
  readonly #collection: string;
  readonly #version: string;
  #expected: readonly string[] = [];
  #places = new Map<string, number>();
  #granted = new Map<string, GrantedUrl>();
  readonly #coming = new Map<string, SharedWork<void>>();
  /** Halved when the API refuses a question for many: one of them may not be ours. */
  #most = mostUrls;
  #store: UrlsRequest['store'];
  /** There is no other store. */
  #alone = false;
  /** The whole release is refused: nobody need ask again. */
  #over: NotAuthorised | undefined;

  constructor(api: AccessApi, clock: Clock, collection: string, version: string) {
    this.#api = api;
    this.#clock = clock;
    this.#collection = collection;
    this.#version = version;
  }

  /** Files that will be read, in this order. */
  expect(files: readonly string[]): void {
    this.#expected = files;
    this.#places = new Map(files.map((file, place) => [file, place]));
  }

  /**
   * A URL that lives for a while yet.
   * @throws NotFound for a file that is not there or not the caller's; NotAuthorised, MirrorError, SourceError
   */
  async urlOf(file: string, signal: AbortSignal | undefined): Promise<GrantedUrl> {
    for (;;) {
      if (this.#over !== undefined) throw this.#over;
      const known = this.#granted.get(file);
      if (known !== undefined && this.#isGood(known)) return known;
      const coming = this.#coming.get(file);
      await (coming === undefined || coming.abandoned ? this.#ask(file) : coming).wait(signal);
      // For this file it may have been asked in vain, together with others.
      const got = this.#granted.get(file);
      if (got !== undefined) return got;
    }
  }

  /** The store refused it: the next one is asked for anew. */
  forget(file: string, granted: GrantedUrl): void {
    if (this.#granted.get(file) === granted) this.#granted.delete(file);
  }

  /** @returns whether the next URLs are those of another store than that one */
  leave(store: GrantedUrl['store']): boolean {
    const other = store === 's3' ? 'gcs' : store === 'gcs' ? 's3' : undefined;
    if (this.#alone || other === undefined) return false;
    this.#store = other;
    this.#granted = new Map([...this.#granted].filter(([, url]) => url.store === other));
    return true;
  }

  #isGood(url: GrantedUrl): boolean {
    return this.#clock.now().getTime() < url.until;
  }

  #ask(file: string): SharedWork<void> {
    const files = this.#window(file);
    const work: SharedWork<void> = new SharedWork((signal) =>
      this.#fetch(files, signal).finally(() => {
        for (const one of files) if (this.#coming.get(one) === work) this.#coming.delete(one);
      }),
    );
    for (const one of files) this.#coming.set(one, work);
    return work;
  }

  /** The file, and those that come after it and have no URL. */
  #window(file: string): readonly string[] {
    const files = [file];
    let bytes = nameBytes(file);
    const from = this.#places.get(file);
    if (from === undefined) return files;
    for (let at = from + 1; at < this.#expected.length && files.length < this.#most; at += 1) {
      const next = this.#expected[at] as string;
      const known = this.#granted.get(next);
      if (this.#coming.has(next) || (known !== undefined && this.#isGood(known))) continue;
      bytes += nameBytes(next);
      if (bytes > mostNameBytes) break;
      files.push(next);
    }
    return files;
  }

  async #fetch(files: readonly string[], signal: AbortSignal): Promise<void> {
    try {
      const timed = await this.#urls(files, signal);
      if (timed !== undefined) {
        this.#keep(files, timed);
        this.#most = Math.min(mostUrls, this.#most * 2);
        return;
      }
      await this.#requireRelease(signal);
    } catch (error) {
      if (error instanceof NotAuthorised) this.#over = error;
      throw error;
    }
    if (files.length === 1) {
      throw new NotFound(`${files[0]} of ${this.#name} at ${this.#api.url} is not there, or not yours`);
    }
    this.#most = Math.ceil(files.length / 2);
  }

  async #urls(files: readonly string[], signal: AbortSignal): Promise<TimedUrls | undefined> {
    const request = { collection: this.#collection, version: this.#version, files: [...files] };
    const store = this.#store;
    if (store === undefined) return await this.#api.urls(request, signal);
    const isKnown = [...this.#granted.values()].some((url) => url.store === store);
    try {
      const timed = await this.#api.urls({ ...request, store }, signal);
      if (timed !== undefined || isKnown) return timed;
    } catch (error) {
      if (isKnown || !(error instanceof MirrorError)) throw error;
    }
    // That store is not one of the API's, or has no such release yet.
    this.#alone = true;
    this.#store = undefined;
    return await this.#api.urls(request, signal);
  }

  /** After a refusal: is it the release that is refused, or one of its files? */
  async #requireRelease(signal: AbortSignal): Promise<void> {
    const path = [this.#collection, this.#version, 'release.json'].map(encodeURIComponent).join('/');
    const response = await this.#api.get('GET', path, signal);
    await response?.discard();
    if (response !== undefined) return;
    throw new NotAuthorised(`${this.#api.url} gives ${this.#name} to ${this.#api.caller} no longer`, {
      hint: 'The grant was taken away or has ended. What came is kept: a later pull continues.',
    });
  }

  #keep(files: readonly string[], { answer, localEnd }: TimedUrls): void {
    const signed = new Map(answer.urls.map((one) => [one.file, one]));
    for (const file of files) {
      const one = signed.get(file);
      if (one === undefined) throw new MirrorError(`${this.#api.url} answered without the URL of ${file}`);
      this.#granted.set(file, {
        url: parsed(one, this.#api.url),
        store: answer.store,
        until: this.#untilOf(one, localEnd),
      });
    }
  }

  #untilOf({ expiresAt }: SignedFile, localEnd: TimedUrls['localEnd']): number {
    const end = localEnd(expiresAt).getTime();
    const life = end - this.#clock.now().getTime();
    return end - Math.min(margin, Math.max(0, life / 4));
  }

  get #name(): string {
    return releaseName(this.#collection, this.#version);
  }
}

function parsed({ url, file }: SignedFile, api: string): URL {
  const found = URL.parse(url);
  if (found !== null && (found.protocol === 'https:' || found.protocol === 'http:')) return found;
  throw new MirrorError(`${api} answered with something that is no URL for ${file}`);
}

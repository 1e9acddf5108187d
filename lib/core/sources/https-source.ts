import type { HttpClient } from '../http/http-client.ts';
import { redact } from '../http/redact.ts';
import { checkMediaType, pointerLimit } from './content-sniff.ts';
import { checkDescription, type SourceExpectation } from './expectation.ts';
import { type Probe, probeUrl } from './https-probe.ts';
import { LocatedObject, type Location } from './located-object.ts';
import { type ResolvedSource, type Source, type SourceDescription, SourceError } from './source.ts';
import type { HttpsRef } from './source-ref.ts';
import { versionText } from './validator.ts';
import { type Withheld, withheldCredential } from './withheld-credential.ts';

export interface HttpsSourceOptions {
  readonly http: HttpClient;
  readonly expect: SourceExpectation;
  /** The credential of the URL's host that must not be used for these bytes; undefined where there is none. */
  readonly withheld?: Withheld | undefined;
  /** The variable that should hold the credential of the URL's host and is not set; undefined where nothing is amiss. */
  readonly unset?: string | undefined;
}

/** A plain URL. Nothing but an ETag or a date identifies its bytes, so the manifest's digest carries the proof. */
export class HttpsSource implements Source {
  readonly uri: string;
  private readonly url: URL;
  private readonly http: HttpClient;
  private readonly expect: SourceExpectation;
  private readonly withheld: HttpsSourceOptions['withheld'];
  private readonly unset: string | undefined;

  constructor(ref: HttpsRef, options: HttpsSourceOptions) {
    this.uri = redact(ref.url);
    this.url = ref.url;
    this.http = options.http;
    this.expect = options.expect;
    this.withheld = options.withheld;
    this.unset = options.unset;
  }

  async resolve(signal: AbortSignal): Promise<ResolvedSource> {
    if (this.unset !== undefined) throw unsetCredential(this.url, this.unset);
    const probe = await this.probe(signal);
    const description: SourceDescription = {
      source: this.uri,
      size: probe.size,
      version: versionText(probe.validator),
      revision: undefined,
      sha256: undefined,
      mediaType: probe.mediaType,
    };
    const object = new LocatedObject({
      http: this.http,
      description,
      location: this.toLocation(probe),
      ranges: probe.ranges,
      expect: this.expect,
      explain: (error) => this.explain(error),
      locate: (again) => this.relocate(probe, again),
    });
    // A server that declares everything to be HTML is believed only where nothing speaks against it.
    if (probe.size === undefined || probe.size !== this.expect.size || this.expect.sha256 === undefined) {
      checkMediaType(probe.mediaType, this.uri, this.expect);
    }
    if (this.mayBePointer(probe)) await readThrough(object, signal);
    checkDescription(description, this.expect);
    return object;
  }

  /** A body so short that it may be a Git LFS pointer, where the manifest does not already say that it is so short. */
  private mayBePointer(probe: Probe): boolean {
    return probe.size !== undefined && probe.size < pointerLimit && probe.size !== this.expect.size;
  }

  private async probe(signal: AbortSignal): Promise<Probe> {
    const { http, url, expect } = this;
    try {
      return await probeUrl(http, { url, expect, signal, credentials: this.withheld === undefined });
    } catch (error) {
      throw error instanceof SourceError ? this.explain(error) : error;
    }
  }

  private explain(error: SourceError): SourceError {
    return this.withheld === undefined ? error : withheldCredential(error, this.withheld);
  }

  private async relocate(first: Probe, signal: AbortSignal): Promise<Location> {
    const probe = await this.probe(signal);
    const same = probe.size === first.size && versionText(probe.validator) === versionText(first.validator);
    if (!same) throw new SourceError('changed', `${this.uri} was replaced while it was being read`);
    return this.toLocation(probe);
  }

  private toLocation(probe: Probe): Location {
    const { url, validator, redirected } = probe;
    // The credential of the first host belongs to it alone; the client decides by origin where there was no redirect.
    return { url, validator, credentials: !redirected && this.withheld === undefined, signed: redirected };
  }
}

/** Asking without it would be an answer to another question: a refusal, or a page to sign in at. */
function unsetCredential(url: URL, variable: string): SourceError {
  return new SourceError('unauthorised', `${redact(url)} needs the credential in ${variable}, which is not set`, {
    hint: `Set ${variable}, or take ${url.origin} out of "credentials" in weighbridge.yaml.`,
  });
}

/** Reading is looking: the body's start is judged on the way. */
async function readThrough(object: ResolvedSource, signal: AbortSignal): Promise<void> {
  for await (const _ of object.read(undefined, signal));
}

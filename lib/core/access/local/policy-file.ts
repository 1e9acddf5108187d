import { readFile } from 'node:fs/promises';
import type { Clock } from '../../clock.ts';
import { Sha256 } from '../../digest/sha256.ts';
import { PolicyUnavailable } from '../../errors.ts';
import type { AccessPolicy } from '../access-policy.ts';
import type { CurrentPolicy, PolicySource } from '../access-ports.ts';

/** Seconds for which a policy is taken as it was last read. */
const fresh = 2;
/** Seconds for which the last good policy holds while its file cannot be read, such as during a checkout. */
const longestUnread = 30;

export interface PolicyFileOptions {
  /** Absolute. */
  readonly path: string;
  readonly clock: Clock;
  /** @throws InvalidFile for what is no good policy */
  parse(bytes: Uint8Array): AccessPolicy;
  /**
   * Told once of each bad state of the file.
   * @param seconds how long the policy before it holds on: Infinity for a file that is no good policy, 0 when nobody is
   * given anything any more
   */
  onTrouble(error: Error, seconds: number): void;
  /** Told when another policy holds than before, or when the file is good again. */
  onTaken(): void;
}

interface Loaded extends CurrentPolicy {
  /** Milliseconds since 1970 at which the file was last read. */
  readonly readAt: number;
}

/**
 * A policy in a file, read again within two seconds of a change. A file that is no good policy changes nothing; one
 * that is gone means after half a minute that nobody may anything, one that cannot be read that nobody can say.
 */
export class PolicyFile implements PolicySource {
  readonly #options: PolicyFileOptions;
  #loaded: Loaded | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<CurrentPolicy | undefined> | undefined;
  /** What was told of last. */
  #trouble: string | undefined;

  private constructor(options: PolicyFileOptions) {
    this.#options = options;
  }

  /** @throws InvalidFile with every problem, or the error of the system, when there is no good policy to begin with */
  static async open(options: PolicyFileOptions): Promise<PolicyFile> {
    const source = new PolicyFile(options);
    const bytes = await readFile(options.path);
    source.#keep({ policy: options.parse(bytes), etag: Sha256.ofBytes(bytes).hex, readAt: source.#now() });
    return source;
  }

  async current(): Promise<CurrentPolicy | undefined> {
    if (this.#now() - this.#lookedAt < fresh * 1000 && this.#loaded !== undefined) return this.#loaded;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return await this.#looking;
  }

  async #look(): Promise<CurrentPolicy | undefined> {
    let bytes: Buffer;
    try {
      bytes = await readFile(this.#options.path);
    } catch (error) {
      return this.#unread(error as NodeJS.ErrnoException);
    }
    const etag = Sha256.ofBytes(bytes).hex;
    if (etag === this.#loaded?.etag) return this.#take(bytes, this.#loaded.policy);
    try {
      return this.#take(bytes, this.#options.parse(bytes));
    } catch (error) {
      this.#tell(etag, error as Error, this.#loaded === undefined ? 0 : Number.POSITIVE_INFINITY);
      if (this.#loaded === undefined) throw new PolicyUnavailable('the access policy is not valid');
      return this.#keep({ ...this.#loaded, readAt: this.#now() });
    }
  }

  #take(bytes: Uint8Array, policy: AccessPolicy): CurrentPolicy {
    const etag = Sha256.ofBytes(bytes).hex;
    const known = this.#trouble === undefined && this.#loaded?.etag === etag;
    this.#trouble = undefined;
    const taken = this.#keep({ policy, etag, readAt: this.#now() });
    if (!known) this.#options.onTaken();
    return taken;
  }

  #keep(loaded: Loaded): CurrentPolicy {
    this.#loaded = loaded;
    this.#lookedAt = this.#now();
    return loaded;
  }

  #unread(error: NodeJS.ErrnoException): CurrentPolicy | undefined {
    this.#lookedAt = this.#now();
    const seconds = this.#loaded === undefined ? 0 : longestUnread - (this.#now() - this.#loaded.readAt) / 1000;
    const code = error.code ?? 'unread';
    this.#tell(seconds > 0 ? code : `${code} for long`, error, Math.max(0, seconds));
    if (seconds > 0) return this.#loaded;
    this.#loaded = undefined;
    if (error.code === 'ENOENT') return undefined;
    throw new PolicyUnavailable('the access policy cannot be read', { cause: error });
  }

  #tell(trouble: string, error: Error, seconds: number): void {
    if (trouble !== this.#trouble) this.#options.onTrouble(error, seconds);
    this.#trouble = trouble;
  }

  #now(): number {
    return this.#options.clock.now().getTime();
  }
}

/**
 * Remembers answers that serve many sources (the listing of a repository, the assets of a release) for one run.
 * Failures are forgotten, so that a retry asks again.
 */
export class SourceCache {
  private readonly answers = new Map<string, Promise<unknown>>();
  private readonly wanted = new Map<string, number>();

  /** The answer under `key`, asked for once while it is on its way and after. */
  async remember<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.answers.get(key) as Promise<T> | undefined;
    if (known !== undefined) return await known;
    const answer = ask();
    this.answers.set(key, answer);
    try {
      return await answer;
    } catch (error) {
      this.answers.delete(key);
      throw error;
    }
  }

  /** How many sources have asked for `key`, this one included. */
  count(key: string): number {
    const count = (this.wanted.get(key) ?? 0) + 1;
    this.wanted.set(key, count);
    return count;
  }

  demand(key: string): number {
    return this.wanted.get(key) ?? 0;
  }
}

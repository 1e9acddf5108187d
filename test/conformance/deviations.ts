import { test } from 'vitest';

/**
 * Tests of a suite that a server is known to fail, by title, each with what it does instead. They run all the same,
 * and it is an error when one of them passes: then the server was mended, and the entry must go.
 */
export type Deviations = Readonly<Record<string, string>>;

/** `test` for a suite, with the deviations of one server. */
export function testWith(deviations: Deviations = {}) {
  const run = (title: string, body: () => Promise<void>) => {
    const instead = deviations[title];
    if (instead === undefined) test(title, body);
    else test.fails(`(not here: ${instead}) ${title}`, body);
  };
  return Object.assign(run, { each: test.each.bind(test) });
}

import { test } from 'vitest';

/**
 * Tests of a suite that a server is known to fail, by title, each with what it does instead. They run all the same,
 * and it is an error when one of them passes: then the server was mended, and the entry must go.
 */
export type Deviations = Readonly<Record<string, string>>;

/** Tries of a test that a server is known to fail now and then. */
const tries = 8;

/**
 * `test` for a suite, with the deviations of one server.
 * @param races What it does otherwise only now and then: such a test must pass once in a few tries.
 */
export function testWith(deviations: Deviations = {}, races: Deviations = {}) {
  const run = (title: string, body: () => Promise<void>) => {
    const instead = deviations[title];
    const race = races[title];
    if (race !== undefined) test(`(not always here: ${race}) ${title}`, { retry: tries - 1 }, body);
    else if (instead === undefined) test(title, body);
    else test.fails(`(not here: ${instead}) ${title}`, body);
  };
  return Object.assign(run, { each: test.each.bind(test) });
}

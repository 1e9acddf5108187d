/** What a run of the tests was against. */
export interface Suite {
  readonly title: string;
  /** Is a test part of it? A test may be part of several suites, or of none. */
  readonly holds: (test: RanTest) => boolean;
  /** Why it could not run on this machine and what to do; undefined where nothing is missing. */
  readonly missing: () => string | undefined;
}

export interface RanTest {
  /** Path below the project's root. */
  readonly file: string;
  /** Titles of the test and of what it is in. */
  readonly title: string;
  readonly state: 'passed' | 'failed' | 'skipped' | 'pending';
}

export interface SuiteCount {
  readonly suite: Suite;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** A test that did not come to its end counts as skipped: nothing is known of it. */
export function countSuites(suites: readonly Suite[], tests: readonly RanTest[]): readonly SuiteCount[] {
  return suites.map((suite) => {
    const states = tests.filter((test) => suite.holds(test)).map((test) => test.state);
    const passed = states.filter((state) => state === 'passed').length;
    const failed = states.filter((state) => state === 'failed').length;
    return { suite, passed, failed, skipped: states.length - passed - failed };
  });
}

/**
 * @param whole Were all tests asked for? Else suites without a test are left out.
 * @returns the lines of a table
 */
export function suiteTable(counts: readonly SuiteCount[], whole: boolean): readonly string[] {
  const rows = counts.filter((count) => whole || count.passed + count.failed + count.skipped > 0);
  if (rows.length === 0) return [];
  const cells = rows.map((count) => [
    count.suite.title,
    String(count.passed),
    String(count.failed),
    String(count.skipped),
    remark(count),
  ]);
  const table = [['against', 'passed', 'failed', 'skipped', ''], ...cells];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  return table.map((row) =>
    row
      .map((cell, column) =>
        column === 0 || column === 4 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

/** Suites of a whole run of which not one test passed. In continuous integration that is a failure. */
export function suitesWithoutResult(counts: readonly SuiteCount[]): readonly string[] {
  return counts.filter((count) => count.passed === 0).map((count) => count.suite.title);
}

function remark({ suite, passed, failed, skipped }: SuiteCount): string {
  const missing = suite.missing();
  if (missing !== undefined) return missing;
  if (passed + failed > 0) return '';
  return skipped > 0 ? 'did not run' : 'no tests';
}

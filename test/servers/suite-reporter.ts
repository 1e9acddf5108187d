import type { Plugin } from 'vitest/config';
import type { Reporter, TestModule, Vitest } from 'vitest/node';
import { countSuites, type RanTest, suitesWithoutResult, suiteTable } from './suite-rows.ts';
import { suites } from './suites.ts';

/** Ends a run with a table of what the tests ran against, and what of it this machine does not have. */
class SuiteReporter implements Reporter {
  readonly #vitest: Vitest;

  constructor(vitest: Vitest) {
    this.#vitest = vitest;
  }

  async onTestRunEnd(modules: readonly TestModule[]): Promise<void> {
    const whole = await this.#isWhole(modules);
    const counts = countSuites(suites, modules.flatMap(testsOf));
    const lines = suiteTable(counts, whole);
    if (lines.length > 0) this.#vitest.logger.log(`${lines.map((line) => ` ${line}`).join('\n')}\n`);
    if (!whole || process.env.CI !== 'true') return;
    const without = suitesWithoutResult(counts);
    if (without.length === 0) return;
    this.#vitest.logger.error(`CI is true and nothing passed against: ${without.join(', ')}`);
    process.exitCode = 1;
  }

  /** Did this run have all tests that there are, and not a choice of them? */
  async #isWhole(modules: readonly TestModule[]): Promise<boolean> {
    const { project, testNamePattern } = this.#vitest.config;
    if (project.length > 0 || testNamePattern !== undefined) return false;
    return (await this.#vitest.globTestSpecifications()).length === modules.length;
  }
}

function testsOf(module: TestModule): RanTest[] {
  const file = module.relativeModuleId;
  const tests = [...module.children.allTests()].map((test) => ({
    file,
    title: test.fullName,
    state: test.result().state,
  }));
  // One that did not load has no tests that could fail.
  return tests.length === 0 && module.state() === 'failed' ? [{ file, title: file, state: 'failed' }] : tests;
}

const forPeople = new Set(['default', 'agent', 'minimal', 'verbose', 'dot', 'tree']);

/**
 * Adds the table to whatever reporters a run was started with, so long as one of them is for people. A reporter in the
 * configuration would be replaced by those of the command line.
 */
export function suiteReporter(): Plugin {
  return {
    name: 'weighbridge-suite-reporter',
    configureVitest({ vitest }) {
      const { reporters } = vitest.config;
      // Called once for each project.
      if (reporters.some((reporter) => reporter instanceof SuiteReporter)) return;
      if (reporters.some((reporter) => Array.isArray(reporter) && forPeople.has(reporter[0]))) {
        reporters.push(new SuiteReporter(vitest));
      }
    },
  };
}

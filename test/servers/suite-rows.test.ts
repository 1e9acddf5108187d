import { describe, expect, it } from 'vitest';
import { countSuites, type RanTest, type Suite, suitesWithoutResult, suiteTable } from './suite-rows.ts';
import { suites } from './suites.ts';

function suite(title: string, missing?: string): Suite {
  return { title, holds: (test) => test.title.startsWith(title), missing: () => missing };
}

function ran(title: string, state: RanTest['state'] = 'passed'): RanTest {
  return { file: 'test/project/lock-file.test.ts', title, state };
}

function held(test: RanTest): string[] {
  return suites.filter((each) => each.holds(test)).map((each) => each.title);
}

describe('the table at the end of the tests', () => {
  it('counts each suite, and says what installs a missing one', () => {
    const counts = countSuites(
      [suite('disk'), suite('cloud', 'not installed: npm run servers'), suite('tape')],
      [ran('disk a'), ran('disk b', 'failed'), ran('disk c', 'pending'), ran('cloud a', 'skipped'), ran('other')],
    );
    expect(suiteTable(counts, true)).toEqual([
      'against  passed  failed  skipped',
      'disk          1       1        1',
      'cloud         0       0        1  not installed: npm run servers',
      'tape          0       0        0  no tests',
    ]);
    expect(suitesWithoutResult(counts)).toEqual(['cloud', 'tape']);
  });

  it('leaves out what was not asked for when only some tests were', () => {
    const counts = countSuites([suite('disk'), suite('tape')], [ran('tape a', 'skipped')]);
    expect(suiteTable(counts, false)).toEqual([
      'against  passed  failed  skipped',
      'tape          0       0        1  did not run',
    ]);
    expect(suiteTable(countSuites([suite('disk')], []), false)).toEqual([]);
  });

  it.each([
    ['a directory store without hard links as a store > keys > may be long', 'directory'],
    ['a memory store with {} as a store > an object', 'memory'],
    ['a bucket in memory as state > keeps a document', 'memory'],
  ])('knows a conformance suite by its title: %s', (title, expected) => {
    expect(held(ran(title))).toEqual([expected, 'all tests']);
  });

  it('knows by its titles what a test was against', () => {
    const against = {
      'versitygw as a store > an object': 'versitygw',
      'two processes publish > on minio': 'MinIO',
      'fake-gcs-server as a store > an object': 'fake-gcs-server',
      'gcp-storage-emulator > resumes': 'gcp-storage-emulator',
      'functions of MiniStack > run on Node': 'MiniStack',
      'a strict fake as a store > an object': 'strict fake of GCS',
    };
    for (const [title, expected] of Object.entries(against)) {
      const test: RanTest = { ...ran(title), file: 'test/servers/start-server.server.test.ts' };
      expect(held(test), title).toEqual([expected, 'all tests']);
    }
  });

  it('knows by what its file asks for, where no title says it', () => {
    const test: RanTest = { ...ran('a bucket is refused'), file: 'test/servers/versitygw-users.server.test.ts' };
    expect(held(test)).toEqual(['versitygw', 'all tests']);
    expect(held({ ...test, title: 'MinIO > refuses a bucket' })).toEqual(['MinIO', 'all tests']);
    const cloud: RanTest = { ...ran('a stack is deployed'), file: 'test/cloud/runs.server.test.ts' };
    expect(held(cloud)).toEqual(['MiniStack', 'all tests']);
  });

  it('counts no test against a server that had none', () => {
    expect(held(ran('MinIO is named in a title'))).toEqual(['all tests']);
  });

  it('counts files that ask for stock programs as tests against those', () => {
    const test: RanTest = { ...ran('what is served'), file: 'test/core/serve/stock-clients.test.ts' };
    expect(held(test)).toContain('stock programs');
  });
});

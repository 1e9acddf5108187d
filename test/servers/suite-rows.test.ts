import { describe, expect, it } from 'vitest';
import { countSuites, type RanTest, type Suite, suitesWithoutResult, suiteTable } from './suite-rows.ts';
import { suites } from './suites.ts';

function suite(title: string, missing?: string): Suite {
  return { title, holds: (test) => test.title.startsWith(title), missing: () => missing };
}

function ran(title: string, state: RanTest['state'] = 'passed'): RanTest {
  return { file: 'test/project/lock-file.test.ts', title, state };
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
    ['versitygw as a store > an object', 'versitygw'],
    ['MinIO as a store > an object', 'MinIO'],
    ['two processes publish > on minio', 'MinIO'],
    ['fake-gcs-server as a store > an object', 'fake-gcs-server'],
    ['gcp-storage-emulator > resumes', 'gcp-storage-emulator'],
    ['a strict fake as a store > an object', 'strict fake of GCS'],
  ])('knows by the title %j that a test was against %s', (title, expected) => {
    const held = suites.filter((each) => each.holds(ran(title))).map((each) => each.title);
    expect(held).toEqual([expected, 'all tests']);
  });

  it('counts files that ask for stock programs as tests against those', () => {
    const test: RanTest = { ...ran('what is served'), file: 'test/core/serve/stock-clients.test.ts' };
    expect(suites.filter((each) => each.holds(test)).map((each) => each.title)).toContain('stock programs');
  });
});

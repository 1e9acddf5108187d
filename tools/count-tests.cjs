// Prints "N passed, N failed" from Vitest's JSON report and ends with 1 when anything failed or nothing ran.
// usage: node tools/count-tests.cjs REPORT FAILED_CHECKS
'use strict';

const { readFileSync } = require('node:fs');

/** A report that is missing or cut off means that the tests did not run to their end: no test is known to have passed. */
function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    console.error(`no test report: ${error.message}`);
    return { testResults: [] };
  }
}

const counts = { passed: 0, failed: 0, skipped: 0 };
for (const file of readReport(process.argv[2]).testResults) {
  for (const test of file.assertionResults) {
    if (test.status === 'passed') counts.passed += 1;
    else if (test.status === 'failed') counts.failed += 1;
    else counts.skipped += 1;
  }
  // A file that did not load has no tests that could fail.
  if (file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed')) counts.failed += 1;
}

// The step that ran the tests is among the failed checks when they failed, or when something failed outside of any test.
const failedChecks = Number(process.argv[3]);
const failed = counts.failed > 0 ? counts.failed + Math.max(0, failedChecks - 1) : failedChecks;
console.log(`${counts.passed} passed, ${failed} failed${counts.skipped === 0 ? '' : `, ${counts.skipped} skipped`}`);
if (failed > 0 || counts.passed === 0) process.exitCode = 1;

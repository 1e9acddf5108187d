import { exitCodes } from '../../contract/exit-codes.ts';
import { type ExplainedWanted, explain } from '../../core/access/policy/explain.ts';
import { readExplainedAs } from '../../core/access/policy/read-explained-as.ts';
import { UsageError } from '../../core/errors.ts';
import { collectionProblem, versionProblem } from '../../core/manifest/release-name.ts';
import type { CommandInput, CommandRun } from '../command-context.ts';
import { consumerAccounts } from '../policy/consumer-accounts.ts';
import { explanationLines } from '../policy/explanation-lines.ts';
import { parsePolicyFile, readPolicyFile } from '../policy/policy-file.ts';
import { problemLine } from '../problem-line.ts';

/** `access explain --as PRINCIPAL RELEASE [FILE]`: exit 0 when it may be read, 4 when it may not. */
export const run: CommandRun = async (context, input) => {
  const file = await readPolicyFile(context, input.options.policy);
  const { policy, problems } = parsePolicyFile(context, file);
  const wanted = wantedOf(input);
  const as = readExplainedAs(String(input.options.as), policy, consumerAccounts(context));
  const explanation = explain(policy, as, wanted, context.clock.now());
  if (context.json) context.printJson({ policy: file.file, ...explanation, problems });
  else {
    for (const problem of problems) context.say(problemLine(problem));
    for (const line of explanationLines(explanation)) context.print(line);
  }
  return explanation.allowed ? exitCodes.done : exitCodes.unauthorised;
};

function wantedOf({ args }: CommandInput): ExplainedWanted {
  const [, release = '', file] = args;
  const at = release.indexOf('@');
  const collection = at < 0 ? release : release.slice(0, at);
  const version = at < 0 ? undefined : release.slice(at + 1);
  if (version === 'latest') {
    throw new UsageError('what is the latest version only the registry knows', {
      hint: `Write a version, or ${collection} alone for all of them.`,
    });
  }
  const problem = collectionProblem(collection) ?? (version === undefined ? undefined : versionProblem(version, 'tag'));
  const isVersion = version === undefined || versionProblem(version, 'semver') === undefined;
  if (problem !== undefined && !(collectionProblem(collection) === undefined && isVersion)) {
    throw new UsageError(`${release}: ${problem}`);
  }
  return { collection, version, file };
}

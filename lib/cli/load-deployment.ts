import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Deployment } from '../contract/cloud/deployment.ts';
import { resolveDeployment, UnresolvedDeployment } from '../contract/cloud/resolve-deployment.ts';
import { InvalidFile, type Problem, UsageError } from '../core/errors.ts';
import { YamlText } from '../core/manifest/yaml-text.ts';
import { configurationName } from './configuration.ts';
import { findingOf, invalidConfiguration, parseConfiguration } from './configuration-file.ts';
import { problemLine } from './problem-line.ts';

export { messageForPeople } from './message-for-people.ts';

export interface LoadDeploymentOptions {
  /**
   * One of `environments:` of the file.
   * @default - the sections of the file as they are
   */
  readonly environment?: string | undefined;
  /**
   * Folder that the file is named from.
   * @default - the one that the process runs in
   */
  readonly cwd?: string | undefined;
}

/** The file does not make a deployment. The message is for people, one line per problem: what the CDK shows of an app. */
export class InvalidConfiguration extends Error {
  override readonly name = 'InvalidConfiguration';
  readonly #problems: readonly Problem[];

  constructor(message: string, problems: readonly Problem[] = []) {
    super(message);
    this.#problems = problems;
    // Where in the app it was thrown tells nobody anything.
    this.stack = `${this.name}: ${message}`;
  }

  /** Every problem with its line, column and field; empty when the file cannot be read at all. */
  get problems(): readonly Problem[] {
    return this.#problems;
  }
}

/**
 * One deployment of a `weighbridge.yaml`, for an app of the CDK.
 * @param file its path; undefined: `weighbridge.yaml` if there is one, else the defaults of everything
 * @throws InvalidConfiguration with every problem of the file and of the environment
 */
export function loadDeployment(file?: string, options: LoadDeploymentOptions = {}): Deployment {
  try {
    return readDeployment(file, options);
  } catch (error) {
    if (error instanceof UsageError) throw new InvalidConfiguration(error.message);
    if (!(error instanceof InvalidFile)) throw error;
    throw new InvalidConfiguration([error.message, ...error.problems.map(problemLine)].join('\n'), error.problems);
  }
}

/**
 * The same for a command of this program.
 * @throws UsageError when the file cannot be read; InvalidFile with every problem.
 */
export function readDeployment(file?: string, { environment, cwd = '.' }: LoadDeploymentOptions = {}): Deployment {
  const name = file ?? configurationName;
  const path = resolve(cwd, name);
  const text = file === undefined && !existsSync(path) ? '' : readText(path, name);
  return deploymentOf(text, name, environment);
}

function deploymentOf(text: string, name: string, environment: string | undefined): Deployment {
  const document = parseConfiguration(text, name);
  try {
    return resolveDeployment(document, environment);
  } catch (error) {
    if (!(error instanceof UnresolvedDeployment)) throw error;
    throw invalidConfiguration(error.issues.map(findingOf), YamlText.decode(text, name));
  }
}

function readText(path: string, name: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : code;
    throw new UsageError(`cannot read ${name}: ${reason}`, { cause: error });
  }
}

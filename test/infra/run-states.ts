/** One state of a definition in Amazon States Language. */
export interface State {
  readonly Type: string;
  readonly Next?: string;
  readonly Resource?: string;
  readonly Parameters?: Readonly<Record<string, unknown>>;
  readonly ResultPath?: string | null;
  readonly OutputPath?: string | null;
  readonly TimeoutSeconds?: number;
  readonly Catch?: readonly {
    readonly ErrorEquals: readonly string[];
    readonly ResultPath: string;
    readonly Next: string;
  }[];
  readonly Retry?: readonly Readonly<Record<string, unknown>>[];
  readonly Choices?: readonly Choice[];
  readonly Default?: string;
  readonly SecondsPath?: string;
  readonly Error?: string;
  readonly ItemProcessor?: Machine & { readonly ProcessorConfig: Readonly<Record<string, string>> };
  readonly ItemReader?: Readonly<Record<string, unknown>>;
  readonly ResultWriter?: Readonly<Record<string, unknown>>;
  readonly MaxConcurrency?: number;
  readonly ToleratedFailurePercentage?: number;
  readonly Label?: string;
}

export interface Choice {
  readonly Variable: string;
  readonly StringEquals?: string;
  readonly BooleanEquals?: boolean;
  readonly Next: string;
}

export interface Machine {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

/** What ends a state or an execution. */
export class StateError extends Error {
  constructor(error: string, cause = '') {
    super(cause);
    this.name = error;
  }
}

export interface Surroundings {
  /** By the name of the state. @throws StateError as a function's error arrives. */
  readonly tasks: Readonly<Record<string, (input: unknown) => unknown>>;
  /** Lines that the reader of a map finds at a key. */
  readonly items: Readonly<Record<string, readonly unknown[]>>;
  readonly context: unknown;
  /** Names of states in the order in which they were entered. */
  readonly entered: string[];
  /** Seconds that were waited for. */
  readonly waited: number[];
}

const mostSteps = 1000;

/**
 * Runs a definition as far as this project uses the language: Task, Choice, Pass, Wait, Map with a reader, Succeed and
 * Fail. A task's retries are Step Functions' matter: an error here is what is left after them.
 * @throws StateError of the execution
 */
export function runStates(machine: Machine, input: unknown, around: Surroundings): unknown {
  let name = machine.StartAt;
  let data = input;
  for (let step = 0; step < mostSteps; step += 1) {
    const state = machine.States[name];
    if (state === undefined) throw new Error(`there is no state ${name}`);
    around.entered.push(name);
    if (state.Type === 'Succeed') return state.OutputPath === null ? {} : data;
    if (state.Type === 'Fail') throw new StateError(state.Error ?? '');
    try {
      const result = runState(name, state, data, around);
      data = state.ResultPath === null ? data : result;
      name = state.Type === 'Choice' ? choose(state, data) : String(state.Next);
    } catch (error) {
      const caught = error instanceof StateError ? state.Catch?.[0] : undefined;
      if (!(error instanceof StateError) || caught === undefined) throw error;
      const place = caught.ResultPath.slice('$.'.length);
      data = { ...(data as object), [place]: { Error: error.name, Cause: error.message } };
      name = caught.Next;
    }
  }
  throw new Error(`more than ${mostSteps} steps`);
}

function runState(name: string, state: State, data: unknown, around: Surroundings): unknown {
  switch (state.Type) {
    case 'Task': {
      const task = around.tasks[name];
      if (task === undefined) throw new Error(`nobody does ${name}`);
      return task(state.Parameters === undefined ? data : rendered(state.Parameters, data, around.context));
    }
    case 'Pass':
      return state.Parameters === undefined ? data : rendered(state.Parameters, data, around.context);
    case 'Wait':
      around.waited.push(Number(resolved(String(state.SecondsPath), data, around.context)));
      return data;
    case 'Map':
      return runMap(state, data, around);
    case 'Choice':
      return data;
    default:
      throw new Error(`${name} is of type ${state.Type}`);
  }
}

/** Up to the tolerated percentage, and here that is all of them, items that fail do not fail the map. */
function runMap(state: State, data: unknown, around: Surroundings): unknown {
  const place = rendered(state.ItemReader?.Parameters as Record<string, unknown>, data, around.context);
  const items = around.items[String((place as { Key: string }).Key)];
  if (items === undefined) throw new StateError('States.ItemReaderFailed', 'there is no such object');
  for (const item of items) {
    try {
      runStates(state.ItemProcessor as Machine, item, around);
    } catch (error) {
      if (!(error instanceof StateError) || state.ToleratedFailurePercentage !== 100) throw error;
    }
  }
  return {};
}

function choose({ Choices = [] }: State, data: unknown): string {
  const chosen = Choices.find(({ Variable, StringEquals, BooleanEquals }) => {
    const value = resolved(Variable, data, undefined);
    return value !== undefined && (value === StringEquals || value === BooleanEquals);
  });
  if (chosen === undefined) throw new StateError('States.NoChoiceMatched');
  return chosen.Next;
}

function rendered(template: unknown, data: unknown, context: unknown): unknown {
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(
    Object.entries(template).map(([name, value]) =>
      name.endsWith('.$')
        ? [name.slice(0, -2), resolved(String(value), data, context)]
        : [name, rendered(value, data, context)],
    ),
  );
}

function resolved(path: string, data: unknown, context: unknown): unknown {
  const [, argument] = /^States\.JsonToString\((.+)\)$/.exec(path) ?? [];
  if (argument !== undefined) return JSON.stringify(resolved(argument, data, context));
  const [root, ...names] = path.split('.');
  const found = names.reduce<unknown>(
    (value, name) => (value as Record<string, unknown> | undefined)?.[name],
    root === '$$' ? context : data,
  );
  if (found === undefined) throw new StateError('States.ParameterPathFailure', path);
  return found;
}

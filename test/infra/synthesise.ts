import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type Stack, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import cdkJson from '../../cdk.json' with { type: 'json' };
import { parseConfiguration } from '../../lib/cli/configuration-file.ts';
import { handlers } from '../../lib/contract/cloud/handlers.ts';
import { resolveDeployment } from '../../lib/contract/cloud/resolve-deployment.ts';
import { addWeighbridge, type WeighbridgeStacks } from '../../lib/infra/add-weighbridge.ts';

/** A resource of a template. */
export interface TemplateResource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

export interface TemplateDocument {
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown; readonly Description?: string }>>;
}

export interface Synthesised {
  readonly app: App;
  readonly stacks: readonly WeighbridgeStacks[];
  /** By the names of the stacks. */
  readonly templates: Readonly<Record<string, TemplateDocument>>;
  /** Warnings and errors of constructs, as the command line prints them. */
  readonly messages: readonly string[];
}

export interface SynthesisOptions {
  /** Of which there is to be a deployment each. @default - one, of the file as it is */
  readonly environments?: readonly (string | undefined)[];
  /** Are rules of CloudFormation and of cdk-nag errors, which are thrown? It takes most of the time. @default true */
  readonly checked?: boolean;
  /** Further stacks of the app. */
  readonly extend?: (app: App, stacks: readonly WeighbridgeStacks[]) => void;
}

/**
 * Synthesises what `cdk synth` would for a weighbridge.yaml, with the feature flags of cdk.json.
 * @throws Error when a rule is broken and nobody explained why.
 */
export function synthesise(
  yaml: string,
  { environments = [undefined], checked = true, extend }: SynthesisOptions = {},
): Synthesised {
  const document = parseConfiguration(yaml, 'weighbridge.yaml');
  const outdir = mkdtempSync(join(tmpdir(), 'weighbridge-synth-'));
  const bundles = join(outdir, 'bundles');
  try {
    for (const handler of handlers) {
      mkdirSync(join(bundles, handler), { recursive: true });
      writeFileSync(join(bundles, handler, 'index.mjs'), 'export const handler = async () => undefined;\n');
    }
    const context = { ...cdkJson.context, '@aws-cdk/core:validateAgainstDefaultRules': checked };
    const app = new App({ context, outdir: join(outdir, 'assembly'), analyticsReporting: false });
    if (checked) Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    const stacks = environments.map((environment) =>
      addWeighbridge(app, resolveDeployment(document, environment), { bundles }),
    );
    extend?.(app, stacks);
    const assembly = app.synth();
    return {
      app,
      stacks,
      templates: Object.fromEntries(assembly.stacksRecursively.map((stack) => [stack.stackName, stack.template])),
      messages: assembly.stacksRecursively.flatMap((stack) => stack.messages.map(({ entry }) => String(entry.data))),
    };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/** The stacks of a deployment, the one of Google's mirror included. */
export function stacksOf({ mirror, gcs }: WeighbridgeStacks): readonly Stack[] {
  return gcs === undefined ? [mirror] : [mirror, gcs];
}

/** Every resource of every template with its logical id. */
export function allResources({ templates }: Synthesised): readonly (TemplateResource & { readonly id: string })[] {
  return Object.values(templates).flatMap(({ Resources }) =>
    Object.entries(Resources).map(([id, resource]) => ({ id, ...resource })),
  );
}

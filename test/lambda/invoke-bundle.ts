import { pathToFileURL } from 'node:url';

// Runs in a process of its own: does to a bundle what Lambda's runtime does.

export type InvokeAnswer =
  | { readonly output: unknown }
  | { readonly error: { readonly name: string; readonly message: string; readonly stack: string } };

const { handler } = await import(pathToFileURL(process.argv[2] ?? '').href);

process.on('message', ({ event, seconds }: { readonly event: unknown; readonly seconds: number }) => {
  const end = Date.now() + seconds * 1000;
  const context = { awsRequestId: 'request-1', getRemainingTimeInMillis: () => end - Date.now() };
  handler(event, context).then(
    (output: unknown) => process.send?.({ output }),
    ({ name, message, stack }: Error) => process.send?.({ error: { name, message, stack } }),
  );
});

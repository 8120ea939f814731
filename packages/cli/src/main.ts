#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { ConfigError } from '@lifeguard/tcp';
import { Command, CommanderError } from 'commander';
import { addBlackout } from './blackout/command.js';
import { addDoctor } from './doctor/command.js';
import { FAILED, MISUSED, OK, UNREAD } from './exit-status.js';
import { addWatch } from './watch/command.js';

/** @param end is told the exit status by a command that does not always end with 0 */
function createProgram(end: (status: number) => void): Command {
  const program = new Command('lifeguard')
    .description('Shows what becomes of TCP connections when the network goes dark.')
    .version(ownVersion())
    .exitOverride();
  addDoctor(program, end);
  addWatch(program);
  addBlackout(program);
  return program;
}

function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}

/** @returns the exit status */
async function main(args: readonly string[]): Promise<number> {
  let status = OK;
  const program = createProgram((ended) => {
    status = ended;
  });
  try {
    await program.parseAsync(args.length === 0 ? ['--help'] : args, { from: 'user' });
    return status;
  } catch (error) {
    return explain(error);
  }
}

/** Commander has told about the errors that it made itself. */
function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 1 ? MISUSED : error.exitCode;
  process.stderr.write(`lifeguard: ${error instanceof Error ? error.message : String(error)}\n`);
  return error instanceof ConfigError ? MISUSED : FAILED;
}

/** Whoever reads has gone, as `head` does when it has enough: then there is nobody to tell anything. */
function endUnread(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(UNREAD);
}

for (const stream of [process.stdout, process.stderr]) stream.on('error', endUnread);
process.exitCode = await main(process.argv.slice(2));

// The pages on the API: one for each entry point of each published package, from the types and comments that its user has.
//
// TypeDoc works through the JavaScript API of TypeScript 6, which 7 does not have: this package has a TypeScript of its own.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, posix, relative } from 'node:path';
import { Application, Comment, Converter, ReflectionKind } from 'typedoc';
import ts from 'typescript';
import { POOL_SETTINGS } from '../../packages/pool/dist/index.js';
import { TCP_SETTINGS } from '../../packages/tcp/dist/index.js';
import { publishedPackages, root } from '../workspace.mjs';

/** Where they stand in the repository. */
export const API_FOLDER = 'docs/api';

const SETTINGS = { '@lifeguard/pool': POOL_SETTINGS, '@lifeguard/tcp': TCP_SETTINGS };

/** Kinds of what an entry point exports. A property says by its name and type what it is, or has a comment. */
const EXPORTS = ['Class', 'Enum', 'Function', 'Interface', 'TypeAlias', 'Variable'];

/**
 * Every page: its name in the folder, and its text.
 *
 * @throws if an export has no comment, or a link leads nowhere; TypeDoc has written which, to stderr
 */
export async function apiPages() {
  const entries = publishedPackages().toSorted(tcpFirst).flatMap(entryPointsOf);
  const folder = await mkdtemp(join(tmpdir(), 'lifeguard-api-'));
  try {
    await generate(entries, folder);
    return await readPages(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What several packages export belongs to the first of them. */
function tcpFirst(one, other) {
  return Number(other.manifest.name === '@lifeguard/tcp') - Number(one.manifest.name === '@lifeguard/tcp');
}

function entryPointsOf({ folder, manifest }) {
  return Object.entries(manifest.exports).map(([path, { types }]) => ({
    name: posix.join(manifest.name, path),
    file: join(folder, types),
    manifest,
    readme: posix.join('../..', relative(root, folder), 'README.md'),
  }));
}

async function generate(entries, folder) {
  const packages = [...new Set(entries.map(({ manifest }) => manifest.name))];
  const app = await Application.bootstrapWithPlugins(optionsFor(packages, folder), []);
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_, reflection) => nameErrors(reflection));
  app.converter.on(Converter.EVENT_CREATE_SIGNATURE, (_, reflection) => nameErrors(reflection));
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => removeOthers(project));
  const project = app.converter.convert(modulesOf(entries));
  for (const property of project.getReflectionsByKind(ReflectionKind.Property)) describeSetting(property);
  for (const module of project.getChildrenByKind(ReflectionKind.Module))
    introduce(
      module,
      entries.find(({ name }) => name === module.name),
    );
  app.validate(project);
  await app.generateOutputs(project);
  if (app.logger.hasErrors() || app.logger.hasWarnings()) throw new Error('the pages on the API would not be complete');
}

/** All in one program, so that a type of one package leads to the page of another. */
function modulesOf(entries) {
  const { fileNames, options } = compilerSettings(entries.map(({ file }) => file));
  const program = ts.createProgram(fileNames, options);
  const errors = ts.getPreEmitDiagnostics(program);
  if (errors.length > 0) throw new Error(ts.formatDiagnostics(errors, ts.createCompilerHost(options)));
  return entries.map(({ name, file }) => ({ displayName: name, program, sourceFile: program.getSourceFile(file) }));
}

function optionsFor(packages, folder) {
  return {
    plugin: ['typedoc-plugin-markdown'],
    outputs: [{ name: 'markdown', path: folder }],
    name: 'API',
    readme: 'none',
    logLevel: 'Warn',
    validation: { invalidLink: true, notDocumented: true, notExported: false, rewrittenLink: true },
    requiredToBeDocumented: EXPORTS,
    packagesRequiringDocumentation: packages,
    preservedTypeAnnotationTags: ['@throws'],
    excludeExternals: true,
    excludeInternal: true,
    excludePrivate: true,
    disableSources: true,
    router: 'module',
    excludeScopesInPaths: true,
    entryFileName: 'README',
    // Its guesses at the anchors that others make of headings go wrong where a name is another one's beginning.
    useHTMLAnchors: true,
    hidePageHeader: true,
    hideBreadcrumbs: true,
    indexFormat: 'table',
    parametersFormat: 'table',
    interfacePropertiesFormat: 'table',
    classPropertiesFormat: 'table',
    typeAliasPropertiesFormat: 'table',
    typeDeclarationFormat: 'table',
    tableColumnSettings: {
      hideDefaults: true,
      hideInherited: true,
      hideModifiers: true,
      hideOverrides: true,
      hideSources: true,
    },
  };
}

/** Those of the repository, with which the packages were compiled. */
function compilerSettings(files) {
  const config = { extends: '../../tsconfig.base.json', compilerOptions: { composite: false, noEmit: true }, files };
  return ts.parseJsonConfigFileContent(config, ts.sys, import.meta.dirname);
}

/** Says what the package is, unless the module says of itself, and leads to the package's own page. */
function introduce(module, { name, manifest, readme }) {
  module.comment ??= new Comment([{ kind: 'text', text: `${manifest.description}.` }]);
  const up = '../'.repeat(name.replace(/^@[^/]+\//, '').split('/').length - 1);
  module.comment.summary.push({ kind: 'text', text: `\n\n[How it is used](${up}${readme})` });
}

/** Members of a base class that is no export, such as Node's emitter; constructors that nobody is to call. */
function removeOthers(project) {
  for (const { children = [] } of project.getReflectionsByKind(ReflectionKind.Class)) {
    for (const member of [...children]) {
      const { inheritedFrom, signatures = [] } = member;
      const isInherited = inheritedFrom !== undefined && inheritedFrom.reflection === undefined;
      const isMeant = !member.kindOf(ReflectionKind.Constructor) || signatures.some((each) => each.hasComment());
      if (isInherited || !isMeant) project.removeReflection(member);
    }
  }
}

/** `@throws {ConfigError} that …`: TypeDoc would leave out what is in braces. */
function nameErrors({ comment }) {
  for (const tag of comment?.blockTags ?? []) {
    if (!tag.typeAnnotation) continue;
    const name = tag.typeAnnotation.slice(1, -1);
    tag.content.unshift({ kind: 'code', text: `\`${name}\`` }, { kind: 'text', text: ' ' });
  }
}

/** An option's comment is what its setting says, of which it is made. */
function describeSetting(property) {
  const { packageName, packagePath } = property.project.getSymbolIdFromReflection(property) ?? {};
  const setting = SETTINGS[packageName]?.[property.name];
  if (!setting || packagePath !== 'src/options.ts' || property.comment) return;
  property.comment = new Comment([
    { kind: 'text', text: `${capitalized(setting.summary)}. Default: ${setting.defaultText}.` },
  ]);
}

function capitalized(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

async function readPages(folder) {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.md')).toSorted();
  return new Map(await Promise.all(files.map(async (file) => [file, await readFile(join(folder, file), 'utf8')])));
}

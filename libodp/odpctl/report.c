// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* odpctl report: a page, and a trace for Perfetto, of what odpctl record wrote. */
#include <errno.h>
#include <string.h>

#include "odpctl.h"
#include "page.h"

static int read_all(const char *path, struct recording *recording)
{
	FILE *file = fopen(path, "re");
	int err;

	*recording = (struct recording){};
	if (!file)
		return say_error("%s: %s", path, strerror(errno));
	err = recording_read(recording, file);
	fclose(file);
	if (err > 0)
		return say_error("%s is no recording of odpctl record", path);
	return err ? say_error("%s: %s", path, strerror(-err)) : 0;
}

/* Opened, written and closed, or why not. */
static int write_file(const char *path, const struct analysis *analysis,
		      struct recording *recording, const char *title)
{
	FILE *out = file_create(path, 0666);

	if (!out)
		return 1;
	if (title)
		page_write(out, analysis, recording, title);
	else
		page_write_perfetto(out, analysis, recording);
	return file_close(out, path);
}

static int write_all(const struct args *args, const struct analysis *analysis,
		     struct recording *recording)
{
	const char *page = args->output ? args->output : "odp.html";
	const char *slash = strrchr(args->what, '/');
	int status = write_file(page, analysis, recording, slash ? slash + 1 : args->what);

	if (!status && args->perfetto)
		status = write_file(args->perfetto, analysis, recording, NULL);
	if (!status)
		printf("%s: %zu faults, %zu waits of %zu events, %lu of them lost\n", page,
		       analysis->faults, analysis->waits, recording->events,
		       (unsigned long)(recording->lost + recording->left_out));
	return status;
}

static int run(const struct args *args)
{
	struct analysis analysis = {};
	struct recording recording;
	int status = read_all(args->what, &recording);

	if (!status && analysis_make(&analysis, &recording))
		status = say_error("%s: %s", args->what, strerror(ENOMEM));
	if (!status)
		status = write_all(args, &analysis, &recording);
	analysis_free(&analysis);
	recording_free(&recording);
	return status;
}

static const struct argp_option options[] = {
	{ "output", 'O', "FILE", 0, "The page [odp.html]", 0 },
	OPTION_PERFETTO,
	{},
};

const struct command command_report = {
	"report", "RECORDING", "a page of what was recorded", options, run,
};

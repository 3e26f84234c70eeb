/* Key files and their passphrases, which may come from a terminal. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/strings.h"
#include "commands.h"
#include "provenance/identity_file.h"

/* Signals that would end or stop this process while the terminal hides what is typed. */
static sigset_t interruptions(void) {
    static const int all[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
    sigset_t set;
    (void)sigemptyset(&set);
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        (void)sigaddset(&set, all[k]);
    return set;
}

/* Waits for a line; false if one of the signals, which are blocked, came before. It stays pending. */
static bool line_comes(const sigset_t *signals) {
    struct pollfd from[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                            {.fd = signalfd(-1, signals, SFD_CLOEXEC), .events = POLLIN}};
    while (poll(from, 2, -1) < 0 && errno == EINTR)
        continue;
    if (from[1].fd >= 0)
        (void)close(from[1].fd);
    return from[1].revents == 0;
}

/* A line from the terminal, unseen. A signal has its effect once the terminal shows again what is typed; who only stopped
 * this process is asked again. */
static bool read_hidden(char *line, int size, const char *prompt, const struct termios *shown) {
    struct termios hidden = *shown;
    const sigset_t signals = interruptions();
    sigset_t before;
    bool interrupted, read;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    do {
        (void)fputs(prompt, stderr);
        (void)sigprocmask(SIG_BLOCK, &signals, &before);
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
        interrupted = !line_comes(&signals);
        read = !interrupted && fgets(line, size, stdin) != NULL;
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, shown);
        (void)fputc('\n', stderr);
        (void)sigprocmask(SIG_SETMASK, &before, NULL);
    } while (interrupted);
    return read;
}

static cs_status ask(char **out, const char *prompt) {
    struct termios shown;
    char line[CS_PASSPHRASE_BYTES + 2];
    if (tcgetattr(STDIN_FILENO, &shown) != 0)
        return cs_fail(CS_ERR_IO, "the terminal cannot be used to ask for a passphrase; give --passphrase-file");
    (void)setvbuf(stdin, NULL, _IONBF, 0); /* no copy of it in a buffer of stdio */
    char *end = read_hidden(line, sizeof line, prompt, &shown) ? strchr(line, '\n') : NULL;
    cs_status status = CS_OK;
    if (end == NULL) {
        status = cs_fail(CS_ERR_USAGE, "a line of at most %d bytes was expected as the passphrase", CS_PASSPHRASE_BYTES);
    } else {
        *end = '\0';
        status = cs_string_own(out, cs_string_copy(line));
    }
    sodium_memzero(line, sizeof line);
    return status;
}

/* Of --passphrase-file or the environment; NULL if neither is there. */
static cs_status from_file(char **out, const char *passphrase_file) {
    const char *path = passphrase_file != NULL ? passphrase_file : getenv("CONSORT_PASSPHRASE_FILE");
    *out = NULL;
    return path == NULL ? CS_OK : cs_passphrase_load(out, path);
}

cs_status cs_cli_load_key(cs_secret_identity *out, const char *path, const char *passphrase_file) {
    char *passphrase = NULL, prompt[300];
    bool sealed;
    CS_TRY(cs_secret_identity_is_sealed(&sealed, path));
    if (sealed) {
        snprintf(prompt, sizeof prompt, "passphrase of %.200s: ", path);
        CS_TRY(from_file(&passphrase, passphrase_file));
        if (passphrase == NULL && isatty(STDIN_FILENO))
            CS_TRY(ask(&passphrase, prompt));
    }
    const cs_status status = cs_secret_identity_load(out, path, passphrase);
    cs_free(passphrase);
    return status;
}

cs_status cs_cli_new_passphrase(char **out, const char *passphrase_file) {
    char *again = NULL;
    CS_TRY(from_file(out, passphrase_file));
    if (*out != NULL || !isatty(STDIN_FILENO))
        return CS_OK;
    CS_TRY(ask(out, "passphrase for the new key (empty: none): "));
    cs_status status = ask(&again, "the same again: ");
    /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): CS_OK: both were read */
    if (status == CS_OK && strcmp(*out, again) != 0)
        status = cs_fail(CS_ERR_USAGE, "the two passphrases differ");
    cs_free(again);
    if (status != CS_OK || **out == '\0') {
        cs_free(*out);
        *out = NULL;
    }
    return status;
}

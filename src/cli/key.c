/* Key files and their passphrases, which may come from a terminal. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/strings.h"
#include "commands.h"
#include "provenance/identity_file.h"

/* One line from the terminal, unseen. */
static cs_status ask(char **out, const char *prompt) {
    struct termios shown, hidden;
    char line[CS_PASSPHRASE_BYTES + 2];
    if (tcgetattr(STDIN_FILENO, &shown) != 0)
        return cs_fail(CS_ERR_IO, "the terminal cannot be used to ask for a passphrase; give --passphrase-file");
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    fputs(prompt, stderr);
    (void)setvbuf(stdin, NULL, _IONBF, 0); /* no copy of it in a buffer of stdio */
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    const bool read = fgets(line, sizeof line, stdin) != NULL;
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    fputc('\n', stderr);
    char *end = read ? strchr(line, '\n') : NULL;
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
    if (status == CS_OK && strcmp(*out, again) != 0)
        status = cs_fail(CS_ERR_USAGE, "the two passphrases differ");
    cs_free(again);
    if (status != CS_OK || **out == '\0') {
        cs_free(*out);
        *out = NULL;
    }
    return status;
}

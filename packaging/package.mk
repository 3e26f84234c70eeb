# What `make install` puts where, `make uninstall`, and the Debian package. Included by the Makefile.
LIBDIR  ?= $(PREFIX)/lib
VERSION := $(shell sed -n 's/.*CONSORT_VERSION "\(.*\)"/\1/p' include/consort/version.h)

PUBLIC_HEADERS := $(sort $(wildcard include/consort/*.h))
MAN1 := packaging/man/consort.1 packaging/man/consort-prove.1
MAN5 := packaging/man/consort-job.5

# Every installed file and the mode it gets; the folders that are consort's alone.
INSTALLED = $(PREFIX)/bin/consort $(PREFIX)/bin/consort-prove $(LIBDIR)/libconsort.a $(LIBDIR)/pkgconfig/consort.pc \
    $(PUBLIC_HEADERS:include/%=$(PREFIX)/include/%) $(patsubst packaging/man/%,$(PREFIX)/share/man/man1/%,$(MAN1)) \
    $(patsubst packaging/man/%,$(PREFIX)/share/man/man5/%,$(MAN5)) $(PREFIX)/share/consort/job.schema.json \
    $(PREFIX)/share/bash-completion/completions/consort
OWN_FOLDERS = $(PREFIX)/include/consort $(PREFIX)/share/consort

.PHONY: install
install: all
	install -d $(addprefix $(DESTDIR),$(sort $(dir $(INSTALLED))))
	install -m 755 $(BUILD)/consort $(BUILD)/consort-prove $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(LIB) $(DESTDIR)$(LIBDIR)
	install -m 644 $(PUBLIC_HEADERS) $(DESTDIR)$(PREFIX)/include/consort
	install -m 644 $(MAN1) $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 $(MAN5) $(DESTDIR)$(PREFIX)/share/man/man5
	install -m 644 docs/job.schema.json $(DESTDIR)$(PREFIX)/share/consort
	install -m 644 packaging/completion.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/consort
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@VERSION@|$(VERSION)|' \
	    packaging/consort.pc.in > $(DESTDIR)$(LIBDIR)/pkgconfig/consort.pc

# Only what install put there; folders that others may use stay.
.PHONY: uninstall
uninstall:
	rm -f $(addprefix $(DESTDIR),$(INSTALLED))
	for d in $(addprefix $(DESTDIR),$(OWN_FOLDERS)); do if [ -d $$d ]; then rmdir $$d || exit 1; fi; done

# build/deb/*.deb: programs, and the library with its headers.
.PHONY: deb
deb: all
	@BUILD=$(BUILD) VERSION=$(VERSION) packaging/make-deb.sh

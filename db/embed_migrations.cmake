# cmake -D FILES=a.sql;b.sql -D OUTPUT=migrations.c -P embed_migrations.cmake
list(SORT FILES)
set(texts "")
set(rows "")
foreach(file IN LISTS FILES)
  get_filename_component(base ${file} NAME_WE)
  if(NOT base MATCHES "^([0-9][0-9][0-9][0-9])_([a-z0-9_]+)$")
    message(FATAL_ERROR "${file}: a migration is named NNNN_name.sql")
  endif()
  set(digits ${CMAKE_MATCH_1})
  set(name ${CMAKE_MATCH_2})
  math(EXPR version "1${digits} - 10000")
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(REPLACE "0x0a," "0x0a,\n" bytes "${bytes}")
  string(APPEND texts "static const unsigned char sql_${digits}[] = {\n${bytes}0 };\n")
  string(APPEND rows "\t{ ${version}, \"${name}\", (const char *)sql_${digits} },\n")
endforeach()
file(WRITE ${OUTPUT} "/* Generated from db/migrations. */
#include \"db/migrate.h\"

${texts}
const struct db_migration db_migrations[] = {
${rows}};
const size_t db_migration_count = sizeof(db_migrations) / sizeof(db_migrations[0]);
")

//! Submissions as the platforms' bulk downloads lay them out.

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

use super::class::Student;

/// A file of a class: its path and its bytes.
pub(super) type Laid = (String, Vec<u8>);

pub(super) fn zip(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(name.as_str(), zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub(super) fn tar(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append_data(&mut header, name, bytes.as_slice()).unwrap();
    }
    builder.into_inner().unwrap()
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// One folder or archive for each student.
pub(super) fn plain(students: &[Student]) -> Vec<Laid> {
    let one = |(number, student): (usize, &Student)| -> Vec<Laid> {
        let name = &student.name;
        match number % 4 {
            0 => vec![(format!("{name}.zip"), zip(&student.files))],
            1 => vec![(format!("{name}.tar.gz"), gzip(&tar(&student.files)))],
            2 => vec![(format!("{name}.tar"), tar(&student.files))],
            _ => student.files.iter().map(|(file, bytes)| (format!("{name}/lab/{file}"), bytes.clone())).collect(),
        }
    };
    students.iter().enumerate().flat_map(one).collect()
}

pub(super) fn canvas(students: &[Student]) -> Vec<Laid> {
    let mut attachment = 9000;
    let mut laid = Vec::new();
    for (number, student) in students.iter().enumerate() {
        let late = if number % 5 == 0 { "LATE_" } else { "" };
        for (file, bytes) in &student.files {
            attachment += 1;
            laid.push((format!("{}_{late}{}_{attachment}_{file}", student.name, 100 + number), bytes.clone()));
        }
    }
    laid
}

/// Canvas's gradebook export for these students and so many who handed nothing in.
pub(super) fn canvas_export(students: &[Student], absent: usize) -> String {
    let mut export = "Student,ID,SIS User ID,SIS Login ID,Section,Socket lab (4711)\n".to_owned();
    export += "    Points Possible,,,,,21\n";
    for (number, student) in students.iter().enumerate() {
        let name = &student.name;
        export += &format!("\"{name}, Ann\",{},s{number},{name},Lab,\n", 100 + number);
    }
    for number in 0..absent {
        export += &format!("\"Absent, Number {number}\",{},a{number},absent{number},Lab,\n", 900_000 + number);
    }
    export
}

pub(super) fn moodle(students: &[Student]) -> Vec<Laid> {
    let one = |(number, student): (usize, &Student)| -> Vec<Laid> {
        let folder = format!("{}_{}_assignsubmission_file", student.name, 100 + number);
        match number % 3 {
            0 => vec![(format!("{folder}_/{}.zip", student.name), zip(&student.files))],
            1 => student.files.iter().map(|(file, bytes)| (format!("{folder}/{file}"), bytes.clone())).collect(),
            _ => student.files.iter().map(|(file, bytes)| (format!("{folder}_{file}"), bytes.clone())).collect(),
        }
    };
    students.iter().enumerate().flat_map(one).collect()
}

pub(super) fn gradescope(students: &[Student]) -> Vec<Laid> {
    let mut laid = Vec::new();
    let mut metadata = "---\n".to_owned();
    for (number, student) in students.iter().enumerate() {
        let folder = format!("submission_{}", 700 + number);
        metadata += &format!(
            "{folder}:\n  :submitters:\n  - :name: {}\n    :sid: 's{number}'\n    :email: {}@example.org\n  :score: 0.0\n",
            student.name, student.name
        );
        laid.extend(
            student.files.iter().map(|(file, bytes)| (format!("assignment_5_export/{folder}/{file}"), bytes.clone())),
        );
    }
    laid.push(("assignment_5_export/submission_metadata.yml".to_owned(), metadata.into_bytes()));
    laid
}

pub(super) fn github(students: &[Student]) -> Vec<Laid> {
    let one = |student: &Student| -> Vec<Laid> {
        let folder = format!("lab3-submissions/lab3-{}", student.name);
        let git = (format!("{folder}/.git/HEAD"), b"ref: refs/heads/main\n".to_vec());
        let code = (format!("{folder}/tcp_server.py"), b"import socket\n".to_vec());
        student
            .files
            .iter()
            .map(|(file, bytes)| (format!("{folder}/{file}"), bytes.clone()))
            .chain([git, code])
            .collect()
    };
    students.iter().flat_map(one).collect()
}

/// Writes a class to the disk.
pub(super) fn write(folder: &Path, laid: &[Laid]) {
    for (path, bytes) in laid {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}
